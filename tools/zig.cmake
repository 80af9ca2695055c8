# For cmake -DCMAKE_TOOLCHAIN_FILE: other systems, by the clang and the libraries of the package
# ziglang. KPALETTE_TARGET names one as Zig does: wasm32-wasi, x86_64-windows-gnu,
# aarch64-linux-musl, aarch64-macos.
set(KPALETTE_TARGET "" CACHE STRING "The system to compile for, as Zig names it")
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES KPALETTE_TARGET)
string(REGEX MATCH "^([^-]+)-([^-]+)" _ "${KPALETTE_TARGET}")
set(CMAKE_SYSTEM_PROCESSOR ${CMAKE_MATCH_1})
set(systems_windows Windows)
set(systems_linux Linux)
set(systems_macos Darwin)
set(systems_wasi Generic)
# To CMake, a name means that what is built does not run here. On Windows itself it does.
if(NOT (CMAKE_HOST_WIN32 AND CMAKE_MATCH_2 STREQUAL "windows"))
  set(CMAKE_SYSTEM_NAME ${systems_${CMAKE_MATCH_2}})
endif()
find_program(KPALETTE_ZIG python-zig REQUIRED)
set(CMAKE_C_COMPILER ${KPALETTE_ZIG} cc)
set(CMAKE_CXX_COMPILER ${KPALETTE_ZIG} c++)
foreach(language C CXX)
  set(CMAKE_${language}_COMPILER_TARGET ${KPALETTE_TARGET})
  set(CMAKE_${language}_CREATE_STATIC_LIBRARY "\"${KPALETTE_ZIG}\" ar qcs <TARGET> <OBJECTS>")
endforeach()
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
