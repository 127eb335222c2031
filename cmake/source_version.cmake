# Writes OUT, which defines drey::scenarios::source_version(): a hash of the paths and bytes of all .cc and .h files in
# the ROOMS below ROOT, in the order of their paths.
set(all "")
foreach(room ${ROOMS})
  file(GLOB_RECURSE files RELATIVE ${ROOT} ${ROOT}/${room}/*.cc ${ROOT}/${room}/*.h)
  list(SORT files COMPARE STRING)
  foreach(file ${files})
    file(SHA256 ${ROOT}/${file} hash)
    string(APPEND all "${file} ${hash}\n")
  endforeach()
endforeach()
string(SHA256 version "${all}")
string(SUBSTRING ${version} 0 32 version)
file(WRITE ${OUT} "#include \"scenarios/run_record.h\"\n\nnamespace drey::scenarios {\nstd::string_view source_version() { return \"${version}\"; }\n}  // namespace drey::scenarios\n")
