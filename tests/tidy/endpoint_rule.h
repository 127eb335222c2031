#pragma once
// rule "endpoint-holds-endpoint": between endpoints only an Address is held (design.md 2.7). A
// class that derives from sim::Endpoint must not reach another one through its data members: not by
// value, pointer, reference or container, not through a helper class that it owns, and not through
// an abstract interface that another endpoint implements. Allowed are the owners inside one process
// that the design names (a Dispatcher owns its JobMasters).
//
// Works on names: classes are collected from all files, their members from the class bodies (a
// member is a declarator that ends in an underscore, or any declarator of a struct).
#include "tests/tidy/source_file.h"

namespace drey::tidy {

std::vector<Finding> check_endpoints(const std::vector<SourceFile>& files);
// The names of the endpoint classes found: the test asks that the guard sees the ones that exist.
std::vector<std::string> endpoint_classes(const std::vector<SourceFile>& files);

}  // namespace drey::tidy
