# cmake -DOUT=FILE.cc -DFILES=A;B -P page.cmake: the files as bytes in one C++ source (core/server/map_page.h). Made anew when
# one of them changes; a file cannot be forgotten, because the folder is listed.
set(text "// Made by cmake/page.cmake.\n#include \"core/server/map_page.h\"\n\nnamespace aw::server {\nnamespace {\n\n")
set(rows)
set(number 0)
foreach(file IN LISTS FILES)
  file(READ ${file} bytes HEX)
  string(REGEX REPLACE "(..)" "\\\\x\\1" bytes "${bytes}")
  # A piece a line.
  string(REPLACE "\\x0a" "\\x0a\"\n    \"" bytes "${bytes}")
  cmake_path(GET file FILENAME name)
  string(APPEND text "constexpr char kFile${number}[] =\n    \"${bytes}\";\n")
  string(APPEND rows "    {\"${name}\", {kFile${number}, sizeof kFile${number} - 1}},\n")
  math(EXPR number "${number} + 1")
endforeach()
string(APPEND text "\nconstexpr PageFile kFiles[] = {\n${rows}};\n\n}  // namespace\n\n"
  "std::span<const PageFile> map_page_files() { return kFiles; }\n\n}  // namespace aw::server\n")
file(WRITE ${OUT} "${text}")
