# gsa_add_kernel(NAME SPEC file.mlir TARGETS targets... [ROLES forward])
#
# A library of a spec's kernels for TARGETS. Whoever links it can include
# "NAME.h" and gets the runtime. Nothing of it needs the targets' machines.
function(gsa_add_kernel name)
  cmake_parse_arguments(ARG "" "SPEC" "TARGETS;ROLES" ${ARGN})
  if(ARG_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "gsa_add_kernel must be given SPEC, TARGETS and ROLES, "
      "got ${ARG_UNPARSED_ARGUMENTS}")
  endif()
  if(NOT ARG_SPEC OR NOT ARG_TARGETS)
    message(FATAL_ERROR "gsa_add_kernel must be given SPEC and TARGETS, "
      "got SPEC '${ARG_SPEC}' and TARGETS '${ARG_TARGETS}'")
  endif()
  if(ARG_ROLES AND NOT ARG_ROLES STREQUAL "forward")
    message(FATAL_ERROR
      "gsa_add_kernel's ROLES must be forward, got '${ARG_ROLES}'")
  endif()

  get_filename_component(spec ${ARG_SPEC} ABSOLUTE)
  set(directory ${CMAKE_CURRENT_BINARY_DIR}/${name}.kernel)
  set(object ${directory}/${name}.o)
  set(header ${directory}/${name}.h)
  file(MAKE_DIRECTORY ${directory})
  string(REPLACE ";" "," targets "${ARG_TARGETS}")
  add_custom_command(
    OUTPUT ${object} ${header}
    COMMAND gsa-compile ${spec} --targets=${targets} -o ${object}
    DEPENDS gsa-compile ${spec}
    COMMENT "Compiling kernels of ${ARG_SPEC} for ${targets}"
    VERBATIM)
  # The header is a source of the library, so that dependents wait for it.
  add_library(${name} STATIC ${object} ${header})
  set_source_files_properties(${object} PROPERTIES
    EXTERNAL_OBJECT TRUE GENERATED TRUE)
  set_target_properties(${name} PROPERTIES LINKER_LANGUAGE C)
  target_include_directories(${name} PUBLIC ${directory})
  target_link_libraries(${name} PUBLIC gsa_runtime)
endfunction()
