// SPDX-License-Identifier: GPL-3.0-or-later
// orrery: the desktop. Connects to this user's host (starting it where there is none) and shows the window at once; the
// connection is made beside it.
#include "app/workbench/desktop_notifications.h"
#include "app/workbench/host_switcher.h"
#include "app/workbench/latency_probe.h"
#include "app/workbench/main_window.h"
#include "app/workbench/rpc_session.h"
#include "app/workbench/ui_library.h"
#include "app/workbench/ui_plugins.h"
#include "app/workbench/window_settings.h"
#include "core/base/exit_code.h"
#include "core/base/platform.h"
#include "widgets/common/view_link.h"
#include "widgets/theme/theme.h"

#include <QApplication>
#include <QCommandLineParser>
#include <QFileInfo>
#include <QIcon>
#include <QPromise>
#include <QScreen>
#include <QTimer>
#include <QtConcurrentRun>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

/// A computer without a font configuration, a container for example, gets the archive's fonts: letters, not boxes.
static void findFonts()
{
    std::error_code ignored;
    const auto own = (orrery::programDir() / "../share/orrery/fonts/fonts.conf").lexically_normal();
    const bool isConfigured = std::getenv("FONTCONFIG_FILE") || std::getenv("FONTCONFIG_PATH") ||
                              std::filesystem::exists("/etc/fonts/fonts.conf", ignored);
    if (!isConfigured && std::filesystem::exists(own, ignored)) ::setenv("FONTCONFIG_FILE", own.c_str(), 1);
}

int main(int argc, char **argv)
{
    using namespace orrery;
    ui::endAsUiTrial(argc, argv); // where this is one
    std::signal(SIGPIPE, SIG_IGN);
    findFonts();
    QApplication application(argc, argv);
    QApplication::setApplicationName(QStringLiteral("Orrery"));
    QApplication::setApplicationVersion(QStringLiteral(ORRERY_VERSION));
    QApplication::setDesktopFileName(QStringLiteral("org.orrery.Orrery")); // by which a desktop finds name and icon

    QCommandLineParser parser;
    parser.setApplicationDescription(QApplication::translate("main", "Trains language models and shows what happens inside while they learn."));
    parser.addHelpOption();
    parser.addVersionOption();
    parser.addPositionalArgument(QStringLiteral("path"), QApplication::translate("main", "A run or model directory, or a link to a view (orrery:…), to open"), QStringLiteral("[path]"));
    QCommandLineOption socket(QStringLiteral("socket"), QApplication::translate("main", "Socket of the host (default: this user's)"), QStringLiteral("path"));
    QCommandLineOption latency(
        QStringLiteral("latency"),
        QApplication::translate("main", "Write first paint and log-to-paint times to a file"),
        QStringLiteral("file"));
    QCommandLineOption quitAfter(QStringLiteral("quit-after"), QApplication::translate("main", "Close after this many milliseconds (measurements)"), QStringLiteral("ms"));
    QCommandLineOption pluginFolder(QStringLiteral("plugin-dir"), QApplication::translate("main", "Folder of plugins to look into first; may be repeated"), QStringLiteral("folder"));
    QCommandLineOption hostOption(QStringLiteral("host"), QApplication::translate("main", "Host to work with, by its name in the list of hosts; local: this computer (default: the last one)"), QStringLiteral("name"));
    parser.addOptions({socket, hostOption, latency, quitAfter, pluginFolder});
    parser.process(application);
    std::vector<std::string> folders;
    for (const QString &folder : parser.values(pluginFolder)) folders.push_back(folder.toStdString());
    addPluginDirectories(folders); // before any thread; a host that this window starts sees them, too

    const ui::WindowSettings opened = ui::openWindowSettings(userStateDir());
    QSettings &settings = *opened.settings;
    const int theme = settings.value(QStringLiteral("window/theme"), 0).toInt();
    ui::Theme::instance().apply(application, static_cast<ui::ThemeKind>(std::clamp(theme, 0, 3)));
    QApplication::setWindowIcon(QIcon(QStringLiteral(":/orrery/orrery.svg")));

    HostConnectOptions local;
    // Absolute, as the host that is started for it has another folder.
    if (parser.isSet(socket))
        local.socketPath = QFileInfo(parser.value(socket)).absoluteFilePath().toStdString();
    const ConnectionBook book;
    const bool isLocal = parser.isSet(socket) || (parser.isSet(latency) && !parser.isSet(hostOption));
    const auto begin = isLocal ? Result<std::optional<Connection>>(std::optional<Connection>())
                               : ui::hostToBeginWith(book, parser.value(hostOption), settings);
    if (!begin) {
        std::fprintf(stderr, "error: %s\n", begin.error().text().c_str());
        return kExitInput;
    }
    ui::RpcSession session(*begin ? connectOptionsFor(**begin) : local);
    ui::DesktopNotifications desktop;
    ui::MainWindow window(session, settings);
    for (const Error &error : opened.told) window.tell(error);
    if (parser.isSet(latency)) new ui::LatencyProbe(session, window.curves(), parser.value(latency), &window);
    window.notifications().setSink(&desktop);
    ui::HostSwitcher hosts(window, session, settings, local, book);
    // Not every window manager makes a window smaller that is larger than the screen.
    window.resize(window.size().boundedTo(window.screen()->availableSize()));
    window.show();
    ui::UiPlugins plugins(window, session, settings);
    QFuture<ui::TriedUiLibraries> tried = QtConcurrent::run([](QPromise<ui::TriedUiLibraries> &promise) {
        promise.addResult(ui::tryUiLibraries(PluginCatalogue::ofThisUser(),
                                             {.isCancelled = [&promise] { return promise.isCanceled(); }}));
    });
    // Kept to the end: cancel() goes on to what was attached, which Qt 6.4 does not keep alive by itself.
    const QFuture<void> loaded = tried.then(&window, [&plugins](const ui::TriedUiLibraries &found) {
        plugins.load(found.catalogue, found.fallen);
    });
    if (!parser.positionalArguments().isEmpty()) {
        // A folder may be named from where the program was started.
        const QString given = parser.positionalArguments().first();
        const QString path = QFileInfo::exists(given) ? QFileInfo(given).absoluteFilePath() : given;
        if (ui::isViewLink(path)) window.openLink(path);
        else QObject::connect(&session, &ui::EngineSession::connectionChanged, &window, [&session, &window, path] {
            if (session.connectionState() == ui::ConnectionState::Connected) window.openPath(path);
        }, Qt::SingleShotConnection);
    }
    if (parser.isSet(quitAfter)) QTimer::singleShot(parser.value(quitAfter).toInt(), &window, &QWidget::close);
    const int code = QApplication::exec();
    tried.cancel(); // or the end would wait for a library that hangs
    tried.waitForFinished(); // while the window is there that it would tell
    return code;
}
