# find_package(gsaRuntime) gives gsa::runtime, to projects of C, C++, or both.
include(CMakeFindDependencyMacro)
get_property(_gsa_languages GLOBAL PROPERTY ENABLED_LANGUAGES)
if(CXX IN_LIST _gsa_languages)
  find_dependency(OpenMP COMPONENTS CXX)
else()
  # The library is one and the same under the name that the archive asks for.
  find_dependency(OpenMP COMPONENTS C)
  if(NOT TARGET OpenMP::OpenMP_CXX)
    add_library(OpenMP::OpenMP_CXX INTERFACE IMPORTED)
    target_link_libraries(OpenMP::OpenMP_CXX INTERFACE OpenMP::OpenMP_C)
  endif()
endif()
unset(_gsa_languages)

include(${CMAKE_CURRENT_LIST_DIR}/gsaRuntimeTargets.cmake)

# The archive needs nothing of the C++ library, so it need not be linked by a
# C++ linker.
get_target_property(_gsa_configurations gsa::runtime IMPORTED_CONFIGURATIONS)
foreach(_gsa_configuration IN LISTS _gsa_configurations)
  set_property(TARGET gsa::runtime PROPERTY
    IMPORTED_LINK_INTERFACE_LANGUAGES_${_gsa_configuration} "")
endforeach()
unset(_gsa_configurations)
unset(_gsa_configuration)
