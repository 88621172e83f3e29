# Builds and runs the outside project of this folder, once for each way to come by the library; all of it offline.

set(here ${CMAKE_CURRENT_LIST_DIR})
set(work ${CMAKE_CURRENT_BINARY_DIR}/find_package)

# trireme_add_outside(name options...) configures, builds and runs it with these options.
function(trireme_add_outside name)
  add_test(NAME find_package.${name} COMMAND ${CMAKE_CTEST_COMMAND}
    --build-and-test ${here} ${work}/${name}
    --build-generator ${CMAKE_GENERATOR} --build-project outside
    --build-options -DCMAKE_CXX_COMPILER=${CMAKE_CXX_COMPILER} ${ARGN}
    --test-command outside)
  set_tests_properties(find_package.${name} PROPERTIES LABELS packaging TIMEOUT 600)
endfunction()

# trireme_add_step(name command...) is a test that others, by FIXTURES_REQUIRED, wait for.
function(trireme_add_step name)
  add_test(NAME find_package.${name} COMMAND ${ARGN})
  set_tests_properties(find_package.${name} PROPERTIES LABELS packaging FIXTURES_SETUP find_package.${name})
endfunction()

# An install tree, moved to another place: nothing in it may remember where it was made.
trireme_add_step(install ${CMAKE_COMMAND} -D build=${PROJECT_BINARY_DIR} -D prefix=${work}/prefix -P ${here}/install.cmake)
trireme_add_outside(package -DTRIREME_FROM=package -DCMAKE_PREFIX_PATH=${work}/prefix)
set_tests_properties(find_package.package PROPERTIES FIXTURES_REQUIRED find_package.install)

trireme_add_outside(subdirectory -DTRIREME_FROM=subdirectory -DTRIREME_SOURCE=${PROJECT_SOURCE_DIR})

trireme_add_outside(fetch -DTRIREME_FROM=fetch -DTRIREME_SOURCE=${PROJECT_SOURCE_DIR}
  -DFETCHCONTENT_SOURCE_DIR_TRIREME=${PROJECT_SOURCE_DIR})

# The vcpkg port, run by a stand-in for vcpkg that also checks vcpkg's rules; trireme_add_port(name options...).
function(trireme_add_port name)
  trireme_add_step(${name} ${CMAKE_COMMAND} -D port=${PROJECT_SOURCE_DIR}/cmake/vcpkg/trireme -D work=${work}/${name}
    -D PROJECT_VERSION=${PROJECT_VERSION} -D generator=${CMAKE_GENERATOR} -D compiler=${CMAKE_CXX_COMPILER} ${ARGN}
    -P ${here}/vcpkg_shim.cmake)
endfunction()
trireme_add_port(port)
trireme_add_outside(vcpkg -DTRIREME_FROM=package -DCMAKE_PREFIX_PATH=${work}/port/packages)
set_tests_properties(find_package.vcpkg PROPERTIES FIXTURES_REQUIRED find_package.port)

# The same with the feature cuda, and a program that asks for the component; it says so where there is no device.
if(trireme_has_cuda)
  trireme_add_port(port_cuda -D FEATURES=cuda -D nvcc=${CMAKE_CUDA_COMPILER})
  trireme_add_outside(vcpkg_cuda -DTRIREME_FROM=package -DCMAKE_PREFIX_PATH=${work}/port_cuda/packages
    -DOUTSIDE_CUDA=ON -DCMAKE_CUDA_COMPILER=${CMAKE_CUDA_COMPILER} -DCMAKE_CUDA_ARCHITECTURES=${CMAKE_CUDA_ARCHITECTURES})
  set_tests_properties(find_package.vcpkg_cuda PROPERTIES FIXTURES_REQUIRED find_package.port_cuda)
endif()
