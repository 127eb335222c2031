# One place for what every object is compiled with. -ffp-contract=off because fused multiply-add changes the last
# bit between compilers; assertions stay on in Release (design.md section 8).
# DREY_OPTIMIZATION lets a preset choose its own level: the columns of the determinism matrix differ on purpose.
set(CMAKE_CXX_FLAGS_RELEASE "-O3 -g1")
set(CMAKE_CXX_FLAGS_DEBUG "-Og -g1")
if(DREY_OPTIMIZATION)
  set(CMAKE_CXX_FLAGS_RELEASE ${DREY_OPTIMIZATION})
  set(CMAKE_CXX_FLAGS_DEBUG ${DREY_OPTIMIZATION})
endif()
add_compile_options(
  -Wall -Wextra -Wconversion -Wshadow -Werror -ffp-contract=off
  # Options structs are filled by designated initialisers, where leaving a field at its default is the point.
  -Wno-missing-field-initializers)
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  # Static constructors would run before the seed exists (determinism-and-exploration.md 6.3).
  add_compile_options(-Wglobal-constructors)
endif()
if(DREY_LIBCXX)
  add_compile_options(-stdlib=libc++)
  add_link_options(-stdlib=libc++)
endif()
if(DREY_SANITIZE)
  add_compile_options(-fsanitize=${DREY_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${DREY_SANITIZE})
endif()
find_program(DREY_LLD ld.lld)
if(DREY_LLD)
  add_link_options(-fuse-ld=lld)
endif()
