# For cmake -DCMAKE_TOOLCHAIN_FILE: WebAssembly, by the clang and the libraries of the package ziglang.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR wasm32)
find_program(KPALETTE_ZIG python-zig REQUIRED)
set(CMAKE_CXX_COMPILER ${KPALETTE_ZIG} c++)
set(CMAKE_CXX_COMPILER_TARGET wasm32-wasi)
set(CMAKE_CXX_CREATE_STATIC_LIBRARY "\"${KPALETTE_ZIG}\" ar qcs <TARGET> <OBJECTS>")
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
