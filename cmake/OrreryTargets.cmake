# SPDX-License-Identifier: Apache-2.0
# The three ways a target is made here. Each folder lists its own sources, so a reader finds a target in one guess.

# orrery_add_library(NAME SHARED|STATIC|INTERFACE SOURCES ... [PUBLIC libs...] [PRIVATE libs...] [QT] [TORCH])
function(orrery_add_library name kind)
    cmake_parse_arguments(ARG "QT;TORCH" "" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
    add_library(${name} ${kind} ${ARG_SOURCES})
    add_library(orrery::${name} ALIAS ${name})
    if(kind STREQUAL "INTERFACE")
        target_include_directories(${name} INTERFACE "${CMAKE_SOURCE_DIR}")
        target_link_libraries(${name} INTERFACE ${ARG_PUBLIC})
        return()
    endif()
    set_target_properties(${name} PROPERTIES OUTPUT_NAME "orrery_${name}")
    if(kind STREQUAL "SHARED")
        set_property(GLOBAL APPEND PROPERTY ORRERY_SHARED_LIBRARIES ${name}) # for installing
    endif()
    target_include_directories(${name} PUBLIC "${CMAKE_SOURCE_DIR}")
    target_link_libraries(${name} PUBLIC ${ARG_PUBLIC} PRIVATE orrery_options ${ARG_PRIVATE})
    orrery_apply_flavour(${name} "${ARG_QT}" "${ARG_TORCH}")
endfunction()

# orrery_add_program(NAME OUTPUT file-name SOURCES ... LIBS ... [QT] [TORCH])
function(orrery_add_program name)
    cmake_parse_arguments(ARG "QT;TORCH" "OUTPUT" "SOURCES;LIBS" ${ARGN})
    add_executable(${name} ${ARG_SOURCES})
    if(ARG_OUTPUT)
        set_target_properties(${name} PROPERTIES OUTPUT_NAME "${ARG_OUTPUT}")
    endif()
    target_link_libraries(${name} PRIVATE orrery_options ${ARG_LIBS})
    orrery_apply_flavour(${name} "${ARG_QT}" "${ARG_TORCH}")
endfunction()

# orrery_add_test(tst_name LABEL unit|engine|gui|gpu|slow LIBS ... [SOURCES ...] [TIMEOUT s] [QT] [TORCH] [ENV k=v ...]
#                 [WAITS|SERIAL])
# The source is tst_name.cpp unless SOURCES says otherwise. Only tests with QT also see widgets. TIMEOUT (1800) only ends
# what hangs: far above what a busy machine needs. WAITS: it waits for clocks and slow lines much more than it computes;
# SERIAL: beside nothing else.
function(orrery_add_test name)
    cmake_parse_arguments(ARG "QT;TORCH;SERIAL;WAITS" "LABEL;TIMEOUT" "SOURCES;LIBS;ENV" ${ARGN})
    if(NOT ARG_SOURCES)
        set(ARG_SOURCES ${name}.cpp)
    endif()
    if(NOT ARG_TIMEOUT)
        set(ARG_TIMEOUT 1800)
    endif()
    add_executable(${name} ${ARG_SOURCES})
    set_target_properties(${name} PROPERTIES AUTOMOC ON RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests")
    # What moc makes of a test is nearly empty: opening LibTorch's precompiled header would be all its work (54 × 3 s).
    set_source_files_properties("${CMAKE_CURRENT_BINARY_DIR}/${name}_autogen/mocs_compilation.cpp"
        PROPERTIES SKIP_PRECOMPILE_HEADERS ON)
    target_link_libraries(${name} PRIVATE orrery_options ${ARG_LIBS} Qt6::Test)
    target_compile_definitions(${name} PRIVATE QT_NO_KEYWORDS
        ORRERY_TEST_DATA="${CMAKE_SOURCE_DIR}/tests/data" ORRERY_BIN_DIR="${CMAKE_BINARY_DIR}/bin")
    orrery_apply_flavour(${name} "${ARG_QT}" "${ARG_TORCH}")
    add_test(NAME ${name} COMMAND ${name})
    orrery_set_test_properties(${name} "${ARG_LABEL}" ${ARG_TIMEOUT} "${ARG_SERIAL}" ${ARG_ENV})
    if(ARG_WAITS)
        set_tests_properties(${name} PROPERTIES PROCESSORS 1)
    endif()
endfunction()

# orrery_add_test_variant(NAME tst_name LABEL ... [TIMEOUT s] [ENV k=v ...] [SERIAL]): a test that is there, told by ENV.
function(orrery_add_test_variant name program)
    cmake_parse_arguments(ARG "SERIAL" "LABEL;TIMEOUT" "ENV" ${ARGN})
    add_test(NAME ${name} COMMAND ${program})
    orrery_set_test_properties(${name} "${ARG_LABEL}" ${ARG_TIMEOUT} "${ARG_SERIAL}" ${ARG_ENV})
endfunction()

# Each test has places of its own for what a program keeps for its user, so that tests side by side meet neither one
# another nor the files of whoever runs them. Qt's own limit of five minutes per function would end a long sweep first.
# ./test has two jobs for each core; a test that computes takes both. Threads of LibTorch that spin while they wait for each
# other would take the core of the test beside; so few turns are what the engine gives its workers, too.
# On a machine that has not run them yet nothing else tells ctest to begin with the longest.
set(orrery_long_tests tst_window_room_x2 tst_window_room_x1.5 tst_bench_science tst_worker_train tst_host_runs tst_inspect_parts
    tst_branches tst_continual tst_cli_continual tst_cli_export tst_cli_training)
function(orrery_set_test_properties name label timeout serial)
    set(home "${CMAKE_BINARY_DIR}/tests/home/${name}")
    set_tests_properties(${name} PROPERTIES LABELS "${label}" TIMEOUT ${timeout} PROCESSORS 2
        ENVIRONMENT "QT_QPA_PLATFORM=offscreen;ORRERY_TEST=1;OMP_WAIT_POLICY=passive;GOMP_SPINCOUNT=1000;QTEST_FUNCTION_TIMEOUT=${timeout}000;ORRERY_HOME=${home};XDG_CONFIG_HOME=${home}/config;XDG_DATA_HOME=${home}/share;${ARGN}")
    if(serial)
        set_tests_properties(${name} PROPERTIES RUN_SERIAL ON)
    endif()
    if(name IN_LIST orrery_long_tests)
        set_tests_properties(${name} PROPERTIES COST 20)
    endif()
endfunction()

# orrery_add_plugin(ID ENGINE sources... [ENGINE_LIBS ...] [UI sources...] [UI_LIBS ...] [MANIFEST file] [INTO folder])
# Makes plugin_<ID> (lib<ID>.so) and plugin_<ID>_ui (lib<ID>_ui.so) in a folder <ID> beside a copy of <ID>.json, with the
# permissions that a plugin must have, whatever the umask. Halves whose layer is not part of this build are left out.
set(ORRERY_PLUGIN_DIR "${CMAKE_BINARY_DIR}/lib/orrery/plugins")
function(orrery_add_plugin id)
    cmake_parse_arguments(ARG "" "MANIFEST;INTO" "ENGINE;ENGINE_LIBS;UI;UI_LIBS" ${ARGN})
    if((ARG_ENGINE AND NOT TARGET orrery::nn) OR (ARG_UI AND NOT TARGET orrery::ui_plugin_api))
        return() # a plugin with a half that cannot be built would be refused: its JSON names it
    endif()
    if(NOT ARG_MANIFEST)
        set(ARG_MANIFEST "${CMAKE_CURRENT_SOURCE_DIR}/${id}.json")
    endif()
    if(NOT ARG_INTO)
        set(ARG_INTO "${ORRERY_PLUGIN_DIR}")
    endif()
    set(folder "${ARG_INTO}/${id}")
    file(MAKE_DIRECTORY "${folder}")
    configure_file("${ARG_MANIFEST}" "${folder}/${id}.json" COPYONLY)
    file(CHMOD "${folder}/${id}.json" PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
    get_filename_component(above "${ARG_INTO}" DIRECTORY)
    file(CHMOD "${above}" "${ARG_INTO}" "${folder}" PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE
        WORLD_READ WORLD_EXECUTE)
    if(ARG_ENGINE)
        orrery_add_plugin_half(plugin_${id} "${id}" "${folder}" "${ARG_ENGINE}" "orrery::nn;${ARG_ENGINE_LIBS}")
        orrery_apply_flavour(plugin_${id} OFF ON)
    endif()
    if(ARG_UI)
        orrery_add_plugin_half(plugin_${id}_ui "${id}_ui" "${folder}" "${ARG_UI}" "orrery::ui_plugin_api;${ARG_UI_LIBS}")
        orrery_apply_flavour(plugin_${id}_ui ON OFF)
    endif()
endfunction()

function(orrery_add_plugin_half target name folder sources libs)
    add_library(${target} MODULE ${sources})
    set_target_properties(${target} PROPERTIES OUTPUT_NAME "${name}" LIBRARY_OUTPUT_DIRECTORY "${folder}")
    target_link_libraries(${target} PRIVATE orrery_options ${libs})
    add_custom_command(TARGET ${target} POST_BUILD COMMAND chmod go-w "$<TARGET_FILE:${target}>" VERBATIM)
    set_property(GLOBAL APPEND PROPERTY ORRERY_PLUGIN_TARGETS ${target})
endfunction()

# Flags that come with Qt (no keywords, moc) or with LibTorch, each with its header precompiled: parsing Qt is more than half
# of the time that a file of a panel takes (4.8 s → 2.0 s), parsing LibTorch nearly all of it.
function(orrery_apply_flavour name qt torch)
    if(qt)
        set_target_properties(${name} PROPERTIES AUTOMOC ON AUTORCC ON)
        target_compile_definitions(${name} PRIVATE QT_NO_KEYWORDS QT_NO_CAST_FROM_ASCII QT_NO_FOREACH)
    endif()
    if(torch)
        target_link_libraries(${name} PRIVATE orrery::torch)
        orrery_use_pch(${name} orrery_torch_pch)
    elseif(qt AND TARGET Qt6::Widgets)
        orrery_qt_pch()
        target_link_libraries(${name} PRIVATE Qt6::Widgets) # whose headers the precompiled one names
        orrery_use_pch(${name} orrery_qt_pch)
    endif()
endfunction()

function(orrery_use_pch name pch)
    if(NOT ORRERY_PCH OR NOT TARGET ${pch})
        return()
    endif()
    target_precompile_headers(${name} REUSE_FROM ${pch})
    # The header was compiled with -fPIC; with an executable's -fPIE the compiler would not take it.
    get_target_property(kind ${name} TYPE)
    if(kind STREQUAL "EXECUTABLE")
        set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
        target_compile_options(${name} PRIVATE -fPIC)
    endif()
endfunction()

# Made when the first target asks for it. Not <QtWidgets>: half of it nobody here uses, and every file pays for opening it.
function(orrery_qt_pch)
    if(NOT ORRERY_PCH OR TARGET orrery_qt_pch)
        return()
    endif()
    file(CONFIGURE OUTPUT "${CMAKE_BINARY_DIR}/qt_pch.cpp" CONTENT "// Holds the precompiled header of the Qt targets.\n")
    add_library(orrery_qt_pch OBJECT "${CMAKE_BINARY_DIR}/qt_pch.cpp")
    target_compile_definitions(orrery_qt_pch PRIVATE QT_NO_KEYWORDS QT_NO_CAST_FROM_ASCII QT_NO_FOREACH)
    target_link_libraries(orrery_qt_pch PRIVATE orrery_options Qt6::Widgets)
    target_precompile_headers(orrery_qt_pch PRIVATE
        <QAbstractItemModel> <QAction> <QApplication> <QBoxLayout> <QComboBox> <QJsonObject> <QKeyEvent> <QLineEdit>
        <QPainter> <QStackedWidget> <QTimer> <QToolButton> <QWidget>
        <algorithm> <cmath> <functional> <map> <memory> <optional> <string> <vector>)
endfunction()
