#pragma once
// Words that have no place in a room, each with what to write instead.
//   rule "word-<name>"       a banned word (see the table in the .cc)
//   rule "one-effect"        two draws in one statement: the order of argument evaluation differs
//   between compilers rule "mutable-static"    a variable that outlives a run rule "unfinished"
//   marks of unfinished work
// A line may stand with a trailing comment that names the reason where the table says so ("total
// order").
#include "tests/tidy/source_file.h"

namespace drey::tidy {

std::vector<Finding> check_words(const SourceFile& file);
// The names of all rules of this file, so that the test of the guard can ask for one planted
// violation of each.
std::vector<std::string> word_rule_names();

}  // namespace drey::tidy
