# SPDX-License-Identifier: Apache-2.0
# What `cmake --install` puts where, and the two packages that CPack makes of it: packaging/make is the way to call it.
#   bin/orrery, bin/orrery-engine   libexec/orrery/orrery-worker   lib/orrery: our libraries, LibTorch, plugins
#   share: desktop file, icon, AppStream data, manual pages, documents, licences, the sources that the built-in example is made of
# Programs find each other, plugins and libraries relative to themselves, so the tree may stand anywhere.
foreach(target orrery_workbench orrery_engine)
    if(TARGET ${target})
        install(PROGRAMS "$<TARGET_FILE:${target}>" DESTINATION bin)
    endif()
endforeach()
if(TARGET orrery_worker)
    install(PROGRAMS "$<TARGET_FILE:orrery_worker>" DESTINATION libexec/orrery)
    install(FILES "${CMAKE_SOURCE_DIR}/bench/train_peer.py" DESTINATION libexec/orrery)
    # The wheel's own layout: its libraries look for each other that way. Of NVIDIA's, a CPU build needs two.
    install(DIRECTORY "${ORRERY_TORCH_ROOT}/torch/lib/" DESTINATION lib/orrery/torch/lib FILES_MATCHING PATTERN "*.so*")
    if(EXISTS "${ORRERY_TORCH_ROOT}/torch/lib/libtorch_cuda.so")
        install(DIRECTORY "${ORRERY_TORCH_ROOT}/nvidia/" DESTINATION lib/orrery/nvidia FILES_MATCHING PATTERN "*.so*")
    else()
        install(DIRECTORY "${ORRERY_TORCH_ROOT}/nvidia/cu13/lib/" DESTINATION lib/orrery/nvidia/cu13/lib
            FILES_MATCHING PATTERN "libcudart.so.*" PATTERN "libcupti.so.*")
    endif()
    install(CODE "if(NOT EXISTS \"${ORRERY_TORCH_ROOT}/licences\")
    message(FATAL_ERROR \"LibTorch's licences are not in ${ORRERY_TORCH_ROOT}. Run scripts/setup/libtorch.py --licences.\")
endif()")
    install(DIRECTORY "${ORRERY_TORCH_ROOT}/licences/" DESTINATION share/doc/orrery/licences)
endif()
get_property(shared GLOBAL PROPERTY ORRERY_SHARED_LIBRARIES)
foreach(target ${shared} orrery_cuda)
    if(TARGET ${target})
        install(FILES "$<TARGET_FILE:${target}>" DESTINATION lib/orrery)
    endif()
endforeach()
# Whatever the umask: a plugin that others may write to is refused. A build without LibTorch has none.
if(IS_DIRECTORY "${ORRERY_PLUGIN_DIR}")
    install(DIRECTORY "${ORRERY_PLUGIN_DIR}/" DESTINATION lib/orrery/plugins
        FILE_PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ
        DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
endif()

set(desktop "${CMAKE_SOURCE_DIR}/packaging/desktop")
if(TARGET orrery_workbench)
    string(TIMESTAMP ORRERY_RELEASE_DATE "%Y-%m-%d" UTC)
    configure_file("${desktop}/org.orrery.Orrery.metainfo.xml" "${CMAKE_BINARY_DIR}/org.orrery.Orrery.metainfo.xml" @ONLY)
    install(FILES "${desktop}/org.orrery.Orrery.desktop" DESTINATION share/applications)
    install(FILES "${desktop}/org.orrery.Orrery.svg" DESTINATION share/icons/hicolor/scalable/apps)
    install(FILES "${CMAKE_BINARY_DIR}/org.orrery.Orrery.metainfo.xml" DESTINATION share/metainfo)
    install(PROGRAMS "${desktop}/add-to-menu" DESTINATION share/orrery)
endif()
install(FILES "${CMAKE_SOURCE_DIR}/packaging/copyright" README.md DESTINATION share/doc/orrery)
install(DIRECTORY "${CMAKE_SOURCE_DIR}/docs/" DESTINATION share/doc/orrery/docs FILES_MATCHING PATTERN "*.md" PATTERN "*.png")
# For `systemctl --user enable orrery-host`; nobody is served before that.
install(FILES "${CMAKE_SOURCE_DIR}/packaging/systemd/orrery-host.service" DESTINATION lib/systemd/user)
# Manual pages, from what the programs that were just built say of themselves.
if(TARGET orrery_engine)
    set(programs "\"$<TARGET_FILE:orrery_engine>\"")
    if(TARGET orrery_workbench)
        string(APPEND programs " \"$<TARGET_FILE:orrery_workbench>\"")
    endif()
    install(CODE "execute_process(COMMAND python3 \"${CMAKE_SOURCE_DIR}/packaging/man_pages.py\" ${programs}
        \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/share/man/man1\" COMMAND_ERROR_IS_FATAL ANY)")
endif()
# What "Train the example" learns where the computer has no compiler, and so no C++ headers.
install(DIRECTORY core widgets app DESTINATION share/orrery/source
    FILES_MATCHING PATTERN "*.h" PATTERN "*.cpp" PATTERN "*.proto")
install(CODE "execute_process(COMMAND python3 \"${CMAKE_SOURCE_DIR}/packaging/finish_install.py\"
    \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}\" COMMAND_ERROR_IS_FATAL ANY)")

set(CPACK_PACKAGE_NAME orrery)
set(CPACK_PACKAGE_VENDOR "The Orrery developers")
set(CPACK_PACKAGE_CONTACT "The Orrery developers <orrery@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "workbench that trains language models and shows them learn")
set(CPACK_PACKAGE_DESCRIPTION "Trains language models on this computer and shows what happens inside while they learn:
live curves, the attention of every head at every step, what a memory keeps, and
a prompt to talk to any saved step. orrery is the window, orrery-engine the same
in a terminal. Brings LibTorch.")
set(CPACK_GENERATOR TGZ DEB)
set(CPACK_MONOLITHIC_INSTALL ON)
set(CPACK_PACKAGE_DIRECTORY "${CMAKE_BINARY_DIR}/packages")
set(CPACK_PACKAGE_FILE_NAME "orrery-${PROJECT_VERSION}-linux-${CMAKE_SYSTEM_PROCESSOR}")
set(CPACK_PROJECT_CONFIG_FILE "${CMAKE_SOURCE_DIR}/packaging/cpack_generators.cmake")
set(CPACK_PRE_BUILD_SCRIPTS "${CMAKE_SOURCE_DIR}/packaging/cpack_bundle.cmake")

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
# Half a gigabyte of LibTorch: xz takes minutes and saves a tenth.
set(CPACK_DEBIAN_COMPRESSION_TYPE zstd)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ./usr/lib/orrery ./usr/lib/orrery/torch/lib ./usr/lib/orrery/nvidia/cu13/lib)
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "fonts-noto-core, fonts-noto-mono, libgl1-mesa-dri, qt6-wayland")
include(CPack)
