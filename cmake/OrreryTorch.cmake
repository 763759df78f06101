# SPDX-License-Identifier: Apache-2.0
# LibTorch as hand-made imported targets: find_package(Torch) stops without CUDA, and with CUDA 13 under CMake 3.25 too.
# orrery::torch links torch_cpu and c10 only. The wheel's own RPATH finds cudart and cupti beside it.
if(NOT ORRERY_TORCH_ROOT)
    execute_process(COMMAND python3 "${CMAKE_SOURCE_DIR}/scripts/setup/libtorch.py"
        OUTPUT_VARIABLE ORRERY_TORCH_ROOT OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE torch_result)
    if(NOT torch_result EQUAL 0)
        message(FATAL_ERROR "LibTorch could not be fetched. Run scripts/setup/libtorch.py to see why, or set "
                            "ORRERY_TORCH_ROOT to a folder that holds torch/include and torch/lib.")
    endif()
    set(ORRERY_TORCH_ROOT "${ORRERY_TORCH_ROOT}" CACHE PATH "" FORCE)
endif()
set(torch_include "${ORRERY_TORCH_ROOT}/torch/include")
set(torch_lib "${ORRERY_TORCH_ROOT}/torch/lib")
if(NOT EXISTS "${torch_lib}/libtorch_cpu.so")
    message(FATAL_ERROR "No LibTorch at \"${ORRERY_TORCH_ROOT}\": expected torch/lib/libtorch_cpu.so in it.")
endif()
# The version text stands on the line after its name, so it is found by its own shape.
file(STRINGS "${torch_include}/torch/headeronly/version.h" torch_version REGEX "^ *\"[0-9]+\\.[0-9]+\\.[0-9]+")
if(NOT torch_version MATCHES "\"2\\.11\\.")
    message(FATAL_ERROR "LibTorch 2.11 expected (private operators are pinned to it); found: ${torch_version}")
endif()

foreach(part c10 torch_cpu)
    add_library(orrery_imported_${part} SHARED IMPORTED)
    set_target_properties(orrery_imported_${part} PROPERTIES IMPORTED_LOCATION "${torch_lib}/lib${part}.so"
        IMPORTED_NO_SONAME ON)
endforeach()
add_library(orrery_torch INTERFACE)
add_library(orrery::torch ALIAS orrery_torch)
target_include_directories(orrery_torch SYSTEM INTERFACE "${torch_include}" "${torch_include}/torch/csrc/api/include")
target_compile_definitions(orrery_torch INTERFACE _GLIBCXX_USE_CXX11_ABI=1)
target_link_libraries(orrery_torch INTERFACE orrery_imported_torch_cpu orrery_imported_c10 Threads::Threads)
target_link_options(orrery_torch INTERFACE "-Wl,-rpath,${torch_lib}")

# One precompiled header for all torch targets; REUSE_FROM needs the same flags everywhere.
if(ORRERY_PCH)
    file(WRITE "${CMAKE_BINARY_DIR}/torch_pch.cpp" "// Holds the precompiled header of the torch targets.\n")
    add_library(orrery_torch_pch OBJECT "${CMAKE_BINARY_DIR}/torch_pch.cpp")
    target_link_libraries(orrery_torch_pch PRIVATE orrery_torch orrery_options)
    # Not <torch/torch.h>: nn, optim and data, which nobody here uses, make it half as large again, and every file pays for it.
    target_precompile_headers(orrery_torch_pch PRIVATE <torch/types.h> <torch/autograd.h>)
endif()
