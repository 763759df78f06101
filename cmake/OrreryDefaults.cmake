# SPDX-License-Identifier: Apache-2.0
# Language level, output folders, ccache and the warning set, as interface targets instead of global flags.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_CXX_VISIBILITY_PRESET default)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE Release CACHE STRING "Build type" FORCE)
endif()
# Assertions for our own bugs stay on in release builds; only the optimiser's level differs.
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g0")
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/lib")
set(CMAKE_BUILD_RPATH_USE_ORIGIN ON)

find_program(ORRERY_CCACHE ccache)
if(ORRERY_CCACHE)
    # pch_defines,time_macros: what ccache needs to reuse objects that go through a precompiled header.
    set(CMAKE_CXX_COMPILER_LAUNCHER "${CMAKE_COMMAND}" -E env "CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime" "${ORRERY_CCACHE}")
    set(CMAKE_CUDA_COMPILER_LAUNCHER "${ORRERY_CCACHE}")
endif()

add_library(orrery_options INTERFACE)
target_compile_options(orrery_options INTERFACE
    $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -Wnon-virtual-dtor -Woverloaded-virtual -Wno-missing-field-initializers>)
if(ORRERY_WERROR)
    target_compile_options(orrery_options INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-Werror>)
endif()
if(ORRERY_SANITIZE)
    target_compile_options(orrery_options INTERFACE
        $<$<COMPILE_LANGUAGE:CXX>:-fsanitize=${ORRERY_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer -g1>)
    target_link_options(orrery_options INTERFACE -fsanitize=${ORRERY_SANITIZE})
endif()
target_include_directories(orrery_options INTERFACE "${CMAKE_SOURCE_DIR}")
