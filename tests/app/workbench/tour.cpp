// SPDX-License-Identifier: GPL-3.0-or-later
// A walk through the real window on real trainings, as a new user would do it, with a picture at each stop:
// those of the README, docs/tour.md and docs/playground.md. Host, workers, plugins and runs are real; the
// home is a temporary one. A stop that does not come ends the walk with a message and exit code 1.   usage:
// orrery-tour [folder] [tour|conversation|more|all] [light|dark|high-contrast]
#include "app/workbench/main_window.h"
#include "app/workbench/rpc_session.h"
#include "app/workbench/ui_plugins.h"
#include "core/plugin/plugin_catalogue.h"
#include "plugins/memory/ui/memory_panel.h"
#include "tests/app/workbench/tour_stops.h"
#include "widgets/theme/theme.h"

#include <QApplication>
#include <QDir>
#include <QSettings>
#include <QTemporaryDir>

#include <cstdio>

using namespace Qt::StringLiterals;
using namespace orrery;
using namespace orrery::ui;

int main(int argc, char **argv)
{
    QTemporaryDir home(QDir::tempPath() + u"/tour-XXXXXX"_s);
    qputenv("ORRERY_HOME", home.filePath(u"home"_s).toUtf8());
    qputenv("XDG_RUNTIME_DIR", home.path().toUtf8());
    QApplication application(argc, argv);
    QSettings settings(home.filePath(u"workbench.ini"_s), QSettings::IniFormat);
    HostConnectOptions options;
    options.socketPath = home.filePath(u"host.sock"_s).toStdString();
    options.engineProgram = ORRERY_BIN_DIR "/orrery-engine";
    options.arguments = {"host", "--background", "--socket", options.socketPath, "--idle-exit", "5"};
    const QStringList arguments = QApplication::arguments();
    const QString folder = arguments.value(1, QDir::currentPath()), only = arguments.value(2);
    const QString look = arguments.value(3, u"light"_s);
    Theme::instance().apply(application, look == u"dark"_s            ? ThemeKind::Dark
                                         : look == u"high-contrast"_s ? ThemeKind::HighContrast
                                                                      : ThemeKind::Light);
    if (!QDir().mkpath(folder))
        return std::fprintf(stderr, "cannot make folder \"%s\"\n", qPrintable(folder)), 1;
    bool isGood = false;
    {
        RpcSession session(options);
        // Used here, so that the linker takes the widgets that the plugin looks for in this program.
        {
            const memory_ui::MemoryPanel panel(session);
        }
        MainWindow window(session, settings);
        window.setAnimated(false); // docks slide: nothing is in its place meanwhile
        UiPlugins plugins(window, session, settings);
        plugins.load(PluginCatalogue::scan({{ORRERY_PLUGIN_DIR, DirectoryNeed::Named}}));
        TourStops stops(session, window, folder, home.path());
        const auto isWanted = [&only](const QString &part) {
            return only.isEmpty() || only == u"all"_s || only == part;
        };
        isGood = stops.open() && (!isWanted(u"tour"_s) || stops.tour()) &&
                 (!isWanted(u"conversation"_s) || stops.conversation()) &&
                 (!isWanted(u"more"_s) || stops.more(options, settings));
    }
    return isGood ? 0 : 1;
}
