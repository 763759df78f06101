# SPDX-License-Identifier: Apache-2.0
# Between installing and packing: the archive brings what the DEB asks Debian for.
if(CPACK_GENERATOR STREQUAL "TGZ")
    execute_process(COMMAND python3 "${CMAKE_CURRENT_LIST_DIR}/bundle.py" "${CPACK_TEMPORARY_INSTALL_DIRECTORY}"
        COMMAND_ERROR_IS_FATAL ANY)
endif()
