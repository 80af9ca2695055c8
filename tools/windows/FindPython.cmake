# Python for Windows, in KPALETTE_PYTHON, for a build on another system. CMake's own FindPython
# asks the interpreter, which does not run there; this machine's one answers for what is generated.
set(Python_INTERPRETER_ID Python)
file(STRINGS "${KPALETTE_PYTHON}/include/patchlevel.h" version REGEX "define PY_VERSION ")
string(REGEX REPLACE ".*\"([0-9.]+).*" "\\1" Python_VERSION "${version}")
set(Python_SOABI "")
set(Python_SOSABI "")
set(Python_INCLUDE_DIRS "${KPALETTE_PYTHON}/include")
add_executable(Python::Interpreter IMPORTED)
set_target_properties(Python::Interpreter PROPERTIES IMPORTED_LOCATION "${Python_EXECUTABLE}")
foreach(kind Module SABIModule)
  add_library(Python::${kind} INTERFACE IMPORTED)
  target_include_directories(Python::${kind} INTERFACE "${Python_INCLUDE_DIRS}")
endforeach()
string(REGEX MATCH "^([0-9]+)\\.([0-9]+)" _ "${Python_VERSION}")
target_link_libraries(Python::Module INTERFACE
  "${KPALETTE_PYTHON}/libs/python${CMAKE_MATCH_1}${CMAKE_MATCH_2}.lib")
target_link_libraries(Python::SABIModule INTERFACE "${KPALETTE_PYTHON}/libs/python3.lib")
set(Python_FOUND ON)
