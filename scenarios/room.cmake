# Only scenarios/json_*.cc may include it (tidy).
target_link_libraries(drey_scenarios PRIVATE nlohmann_json::nlohmann_json)

# The version that is part of the key of a run (scenarios/run_record.h): a hash of the sources of sim to scenarios, made
# anew whenever one of them changes. Neither compiler nor build type is in it.
set(versioned_sources)
foreach(room ${DREY_ROOM_ORDER})
  file(GLOB_RECURSE room_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${room}/*.cc ${CMAKE_SOURCE_DIR}/${room}/*.h)
  list(APPEND versioned_sources ${room_sources})
endforeach()
set(source_version ${CMAKE_BINARY_DIR}/generated/source_version.cc)
add_custom_command(
  OUTPUT ${source_version}
  COMMAND ${CMAKE_COMMAND} -DROOT=${CMAKE_SOURCE_DIR} -DOUT=${source_version} "-DROOMS=${DREY_ROOM_ORDER}"
          -P ${CMAKE_SOURCE_DIR}/cmake/source_version.cmake
  DEPENDS ${versioned_sources} ${CMAKE_SOURCE_DIR}/cmake/source_version.cmake
  COMMENT "Hash of the sources" VERBATIM)
target_sources(drey_scenarios PRIVATE ${source_version})
