# Only scenarios/json_*.cc may include it (tidy).
target_link_libraries(drey_scenarios PRIVATE nlohmann_json::nlohmann_json)
