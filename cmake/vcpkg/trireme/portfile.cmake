# An overlay port: it installs the source tree that it lies in, no release archive needed.
# (A port in a registry would fetch that tree with vcpkg_from_github and be the same otherwise.)
# vcpkg's binary cache does not see that tree change: after a change, install with --no-binarycaching.
get_filename_component(SOURCE_PATH "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)
if(NOT EXISTS "${SOURCE_PATH}/include/trireme")
  message(FATAL_ERROR "${PORT} is an overlay port: use it where it lies, in cmake/vcpkg of Trireme's source tree")
endif()

set(VCPKG_BUILD_TYPE release) # header-only port

# The headers are the same; with the feature the port fails where there is no toolkit, not the program that asks for the component.
vcpkg_check_features(OUT_FEATURE_OPTIONS FEATURE_OPTIONS FEATURES cuda TRIREME_CUDA)
if("cuda" IN_LIST FEATURES)
  vcpkg_find_cuda(OUT_CUDA_TOOLKIT_ROOT cuda_toolkit_root)
  list(APPEND FEATURE_OPTIONS "-DCMAKE_CUDA_COMPILER=${NVCC}" "-DCUDAToolkit_ROOT=${cuda_toolkit_root}")
endif()

vcpkg_cmake_configure(
    SOURCE_PATH "${SOURCE_PATH}"
    OPTIONS
        ${FEATURE_OPTIONS}
        -DTRIREME_BUILD_TESTS=OFF
        -DTRIREME_BUILD_EXAMPLES=OFF
        -DTRIREME_BUILD_BENCHMARKS=OFF
        -DTRIREME_MPI=OFF # of the tests alone; the component asks for MPI itself
)

vcpkg_cmake_install()
vcpkg_cmake_config_fixup(CONFIG_PATH share/cmake/trireme)

vcpkg_install_copyright(FILE_LIST "${SOURCE_PATH}/LICENSE")
file(INSTALL "${CMAKE_CURRENT_LIST_DIR}/usage" DESTINATION "${CURRENT_PACKAGES_DIR}/share/${PORT}")
