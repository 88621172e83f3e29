# Runs the overlay port as vcpkg would, without vcpkg: its portfile, with stand-ins for the helper functions, and
# then the rules that vcpkg documents for manifests and for what a port installs.
#
#   cmake -D port=… -D work=… -D PROJECT_VERSION=… -D generator=… -D compiler=… [-D FEATURES=cuda -D nvcc=…] -P vcpkg_shim.cmake
cmake_minimum_required(VERSION 3.24)

function(broken rule)
  message(FATAL_ERROR "the port breaks a rule of vcpkg: ${rule}")
endfunction()

# ---- The manifests ----

cmake_path(GET port FILENAME PORT)
file(READ ${port}/vcpkg.json manifest)
foreach(field IN ITEMS name version description license dependencies)
  string(JSON ${field} GET "${manifest}" ${field})  # an error where it is missing
endforeach()
if(NOT name STREQUAL PORT)
  broken("a port has the name of its folder")
endif()

file(READ ${port}/../../../vcpkg.json manifest)
string(JSON project_version GET "${manifest}" version)
if(NOT version STREQUAL PROJECT_VERSION OR NOT project_version STREQUAL PROJECT_VERSION)
  broken("one version: ${PROJECT_VERSION} in CMake, ${project_version} in vcpkg.json, ${version} in the port's")
endif()

string(JSON last LENGTH "${dependencies}")
math(EXPR last "${last} - 1")
set(host_tools)
foreach(i RANGE ${last})
  string(JSON host ERROR_VARIABLE not_host GET "${dependencies}" ${i} host)
  if(host STREQUAL "ON")
    string(JSON tool GET "${dependencies}" ${i} name)
    list(APPEND host_tools ${tool})
  endif()
endforeach()
if(NOT host_tools STREQUAL "vcpkg-cmake;vcpkg-cmake-config")
  broken("the ports that bring the helper functions are host dependencies, in order of name")
endif()

file(READ ${port}/../../../vcpkg.json manifest)
file(READ ${port}/vcpkg.json port_manifest)
foreach(from IN ITEMS manifest port_manifest)
  string(JSON needs GET "${${from}}" features cuda dependencies 0)
  if(NOT needs STREQUAL "cuda")
    broken("both manifests have the feature cuda, which needs the port cuda")
  endif()
endforeach()

# ---- The portfile ----

set(VERSION ${version})
set(CURRENT_PACKAGES_DIR ${work}/packages)
set(CURRENT_BUILDTREES_DIR ${work}/build)
file(REMOVE_RECURSE ${CURRENT_PACKAGES_DIR} ${CURRENT_BUILDTREES_DIR})

# Of each pair after FEATURES: -D<option>=ON where the feature is asked for, else OFF.
function(vcpkg_check_features)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" OUT_FEATURE_OPTIONS FEATURES)
  set(options)
  while(arg_FEATURES)
    list(POP_FRONT arg_FEATURES feature option)
    if(feature IN_LIST FEATURES)
      list(APPEND options -D${option}=ON)
    else()
      list(APPEND options -D${option}=OFF)
    endif()
  endwhile()
  set(${arg_OUT_FEATURE_OPTIONS} ${options} PARENT_SCOPE)
endfunction()

# Brought by the port cuda.
function(vcpkg_find_cuda)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" OUT_CUDA_TOOLKIT_ROOT "")
  cmake_path(GET nvcc PARENT_PATH bin)
  cmake_path(GET bin PARENT_PATH root)
  set(NVCC ${nvcc} PARENT_SCOPE)
  set(${arg_OUT_CUDA_TOOLKIT_ROOT} ${root} PARENT_SCOPE)
endfunction()

function(vcpkg_cmake_configure)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" SOURCE_PATH OPTIONS)
  if(NOT VCPKG_BUILD_TYPE STREQUAL "release")
    broken("a header-only port builds the release configuration alone")
  endif()
  execute_process(COMMAND ${CMAKE_COMMAND} -S ${arg_SOURCE_PATH} -B ${CURRENT_BUILDTREES_DIR} -G ${generator}
    -D CMAKE_CXX_COMPILER=${compiler} -D CMAKE_BUILD_TYPE=Release -D CMAKE_INSTALL_PREFIX=${CURRENT_PACKAGES_DIR}
    ${arg_OPTIONS} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

function(vcpkg_cmake_install)
  execute_process(COMMAND ${CMAKE_COMMAND} --build ${CURRENT_BUILDTREES_DIR} --target install
    COMMAND_ERROR_IS_FATAL ANY)
endfunction()

# Moves the package description to share/<port>, and corrects the way from there to the prefix.
function(vcpkg_cmake_config_fixup)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" CONFIG_PATH "")
  cmake_path(GET arg_CONFIG_PATH PARENT_PATH parent)
  file(RENAME ${CURRENT_PACKAGES_DIR}/${arg_CONFIG_PATH} ${CURRENT_PACKAGES_DIR}/share/${PORT})
  if(parent MATCHES "/cmake$")
    file(REMOVE_RECURSE ${CURRENT_PACKAGES_DIR}/${parent})
  endif()
  set(file ${CURRENT_PACKAGES_DIR}/share/${PORT}/${PORT}-targets.cmake)
  file(READ ${file} text)
  string(REGEX REPLACE "(get_filename_component\\(_IMPORT_PREFIX [^\n]*\n)+"
    "get_filename_component(_IMPORT_PREFIX \"\${CMAKE_CURRENT_LIST_DIR}/../..\" ABSOLUTE)\n" text "${text}")
  file(WRITE ${file} "${text}")
endfunction()

function(vcpkg_install_copyright)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "" FILE_LIST)
  file(COPY_FILE ${arg_FILE_LIST} ${CURRENT_PACKAGES_DIR}/share/${PORT}/copyright)
endfunction()

include(${port}/portfile.cmake)

# ---- What it installed ----

set(wanted OFF)
if("cuda" IN_LIST FEATURES)
  set(wanted ON)
endif()
file(STRINGS ${CURRENT_BUILDTREES_DIR}/CMakeCache.txt built_with REGEX "^TRIREME_CUDA:[A-Z]+=${wanted}$")
if(NOT built_with)
  broken("with the features \"${FEATURES}\" the port is built with TRIREME_CUDA=${wanted}")
endif()
foreach(path IN ITEMS include/${PORT} share/${PORT}/${PORT}-config.cmake share/${PORT}/copyright share/${PORT}/usage)
  if(NOT EXISTS ${CURRENT_PACKAGES_DIR}/${path})
    broken("installs ${path}")
  endif()
endforeach()
foreach(path IN ITEMS debug lib bin share/cmake)
  if(EXISTS ${CURRENT_PACKAGES_DIR}/${path})
    broken("a header-only port installs no ${path}")
  endif()
endforeach()
file(GLOB_RECURSE paths LIST_DIRECTORIES YES ${CURRENT_PACKAGES_DIR}/*)
foreach(path IN LISTS paths)
  file(GLOB inside ${path}/*)
  if(IS_DIRECTORY ${path} AND NOT inside)
    broken("no empty folder: ${path}")
  elseif(path MATCHES "[.]cmake$")
    file(STRINGS ${path} absolute REGEX "${work}")
    if(absolute)
      broken("no absolute path: ${path}: ${absolute}")
    endif()
  endif()
endforeach()
