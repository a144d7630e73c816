add_library(aw_flags INTERFACE)
target_include_directories(aw_flags INTERFACE ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR}/generated)
target_compile_options(aw_flags INTERFACE -Wall -Wextra -Wconversion -Wshadow -Wnon-virtual-dtor
  -Woverloaded-virtual -Wold-style-cast -Wunused-result -Wthread-safety -Wno-missing-designated-field-initializers)
if(AW_WERROR)
  target_compile_options(aw_flags INTERFACE -Werror)
endif()
# Coverage counts what is measured and leaves the tests as they are: their objects are those of a dev build.
if(AW_COVER)
  add_link_options(-fprofile-instr-generate)
endif()
function(aw_measured target)
  if(AW_COVER)
    target_compile_options(${target} PRIVATE -fprofile-instr-generate -fcoverage-mapping)
  endif()
endfunction()
target_compile_definitions(aw_flags INTERFACE AW_VERSION="${PROJECT_VERSION}")

# aw_room(NAME DEPS…): core/NAME/*.cc becomes the library aw_NAME, linked to the rooms and libraries it may use.
function(aw_room name)
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/core/${name}/*.cc)
  if(sources)
    aw_grouped(grouped ${name} ${sources})
    add_library(aw_${name} STATIC ${grouped})
    target_link_libraries(aw_${name} PUBLIC aw_flags ${ARGN})
    aw_measured(aw_${name})
  else()
    add_library(aw_${name} INTERFACE)
    target_link_libraries(aw_${name} INTERFACE aw_flags ${ARGN})
  endif()
endfunction()

# aw_messages(TARGET FILE.proto…): messages alone, without gRPC's stubs, as <core/…>.
function(aw_messages target)
  set(made)
  set(out ${PROJECT_BINARY_DIR}/generated)
  foreach(proto IN LISTS ARGN)
    cmake_path(RELATIVE_PATH proto BASE_DIRECTORY ${PROJECT_SOURCE_DIR} OUTPUT_VARIABLE relative)
    string(REGEX REPLACE "\\.proto$" "" stem ${relative})
    add_custom_command(
      OUTPUT ${out}/${stem}.pb.cc ${out}/${stem}.pb.h
      COMMAND ${CMAKE_COMMAND} -E make_directory ${out}
      COMMAND ${AW_PROTOC} -I${PROJECT_SOURCE_DIR} --cpp_out=${out} ${relative}
      DEPENDS ${proto} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
    list(APPEND made ${out}/${stem}.pb.cc)
  endforeach()
  add_library(${target} STATIC ${made})
  target_include_directories(${target} SYSTEM PUBLIC ${out})
  target_link_libraries(${target} PUBLIC aw_protobuf)
endfunction()

# aw_protocol(TARGET FILE.proto…): messages and services generated below the build tree, as <generated/core/…>.
function(aw_protocol target)
  set(made)
  foreach(proto IN LISTS ARGN)
    cmake_path(RELATIVE_PATH proto BASE_DIRECTORY ${PROJECT_SOURCE_DIR} OUTPUT_VARIABLE relative)
    string(REGEX REPLACE "\\.proto$" "" stem ${relative})
    set(out ${PROJECT_BINARY_DIR}/generated)
    add_custom_command(
      OUTPUT ${out}/${stem}.pb.cc ${out}/${stem}.pb.h ${out}/${stem}.grpc.pb.cc ${out}/${stem}.grpc.pb.h
      COMMAND ${CMAKE_COMMAND} -E make_directory ${out}
      COMMAND ${AW_PROTOC} -I${PROJECT_SOURCE_DIR} --cpp_out=${out} --grpc_out=${out}
              --plugin=protoc-gen-grpc=${AW_GRPC_PLUGIN} ${relative}
      DEPENDS ${proto} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
    list(APPEND made ${out}/${stem}.pb.cc ${out}/${stem}.grpc.pb.cc)
  endforeach()
  add_library(${target} STATIC ${made})
  target_include_directories(${target} SYSTEM PUBLIC ${PROJECT_BINARY_DIR}/generated)
  target_link_libraries(${target} PUBLIC aw_grpc)
endfunction()

# aw_page(NAME FOLDER): FOLDER's files as bytes of aw_NAME, so that the program needs none beside it.
function(aw_page name folder)
  file(GLOB files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${folder}/*)
  set(made ${PROJECT_BINARY_DIR}/generated/${folder}.cc)
  add_custom_command(
    OUTPUT ${made}
    COMMAND ${CMAKE_COMMAND} -DOUT=${made} "-DFILES=${files}" -P ${PROJECT_SOURCE_DIR}/cmake/page.cmake
    DEPENDS ${files} ${PROJECT_SOURCE_DIR}/cmake/page.cmake VERBATIM)
  target_sources(aw_${name} PRIVATE ${made})
endfunction()
