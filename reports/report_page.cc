// Page and data put together. The page is reports/page/dist/report.html as committed, taken into
// the binary by the assembler, so a user needs neither Node nor any file beside drey.
#include <cstddef>
#include <string>
#include <string_view>

#include "reports/write_json_report.h"
#include "sim/check.h"

// The path is set by reports/room.cmake; the object depends on the file.
__asm__(
    ".pushsection .rodata\n"
    ".balign 16\n"
    ".globl drey_report_page_begin\n"
    "drey_report_page_begin:\n"
    ".incbin \"" DREY_REPORT_PAGE
    "\"\n"
    ".globl drey_report_page_end\n"
    "drey_report_page_end:\n"
    ".byte 0\n"
    ".popsection\n");
extern "C" const char drey_report_page_begin[];
extern "C" const char drey_report_page_end[];

namespace drey::reports {
namespace {

constexpr std::string_view kMarker = "\"drey-data-goes-here\"";

}  // namespace

std::string report_page(std::string_view data) {
  const std::string_view page(drey_report_page_begin,
                              static_cast<size_t>(drey_report_page_end - drey_report_page_begin));
  const size_t place = page.find(kMarker);
  CHECK(place != std::string_view::npos, "the report's page has no place for its data");
  std::string text;
  text.reserve(page.size() + data.size() + data.size() / 64);
  text += page.substr(0, place);
  // Outside of strings JSON has no '<', and in a string it may be written as its code: so nothing
  // in the data can close the script element or open a comment in it.
  for (const char c : data) {
    if (c == '<') {
      text += "\\u003c";
    } else {
      text += c;
    }
  }
  text += page.substr(place + kMarker.size());
  return text;
}

}  // namespace drey::reports
