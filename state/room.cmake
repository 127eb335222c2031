# RocksDB is reached only from here. The seams are an OBJECT library: the executable itself must define the interposed
# symbols, and a static library that nothing references would drop them silently (spec/interfaces.md).
if(DREY_WITH_ROCKSDB)
  target_link_libraries(drey_state ${scope} RocksDB::rocksdb-shared)
  target_compile_definitions(drey_state ${scope} DREY_WITH_ROCKSDB=1)
  if(EXISTS ${CMAKE_SOURCE_DIR}/state/rocksdb_seams.cc)
    add_library(drey_rocksdb_seams OBJECT ${CMAKE_SOURCE_DIR}/state/rocksdb_seams.cc)
    target_include_directories(drey_rocksdb_seams PRIVATE ${CMAKE_SOURCE_DIR})
    target_link_libraries(drey_rocksdb_seams PRIVATE drey_fmt RocksDB::rocksdb-shared)
  endif()
endif()

# drey_executable_seams(TARGET): each executable that may open a database calls this.
function(drey_executable_seams target)
  if(TARGET drey_rocksdb_seams)
    target_sources(${target} PRIVATE $<TARGET_OBJECTS:drey_rocksdb_seams>)
    set_target_properties(${target} PROPERTIES ENABLE_EXPORTS ON)
  endif()
endfunction()
