// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/workbench/window_settings.h"

#include "app/workbench/kept_aside.h"
#include "core/base/files.h"
#include "core/base/text.h"

#include <QCoreApplication>

#include <unistd.h>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr int kMaxWindows = 32;

struct Words {
    Q_DECLARE_TR_FUNCTIONS(orrery::ui::WindowSettings)
};

Error told(const QString &message, const QString &hint, ErrorCode code = ErrorCode::InvalidInput)
{
    return {code, message.toStdString(), hint.toStdString()};
}

std::filesystem::path fileOf(const std::filesystem::path &folder, int number, const char *ending)
{
    const std::string name = number == 1 ? "workbench" : "workbench-" + std::to_string(number);
    return folder / (name + ending);
}

/// What stands behind "format=" before the first section or in [General]; 0: nothing does.
int formatOf(const QByteArray &text)
{
    bool isGeneral = true;
    for (const QByteArray &raw : text.split('\n')) {
        const QByteArray line = raw.trimmed();
        if (line.startsWith('[')) isGeneral = line == "[General]";
        if (isGeneral && line.startsWith("format=")) return line.mid(7).trimmed().toInt();
    }
    return 0;
}

/// The lines that can be read; all of them where nothing is wrong.
QByteArray readableLines(const QByteArray &text)
{
    QByteArray kept;
    kept.reserve(text.size());
    for (const QByteArray &line : text.split('\n')) {
        const QByteArray bare = line.trimmed();
        const bool isSection = bare.startsWith('[') && bare.endsWith(']');
        const bool isComment = bare.startsWith(';') || bare.startsWith('#');
        const bool isReadable = bare.isEmpty() || isSection || isComment || bare.indexOf('=') > 0;
        if (isReadable && !line.contains('\0')) kept += line + '\n';
    }
    kept.chop(1); // the last line had none
    return kept;
}

/// Puts it aside, and says why and where.
Error putAside(const std::filesystem::path &file, const char *word, const QString &why)
{
    const Result<std::filesystem::path> aside = keepAside(file, word);
    const QString name = QString::fromStdString(file.string());
    if (!aside) {
        // It must not be read all the same.
        return told(Words::tr("The settings “%1” %2, and they could not be put aside: %3").arg(name, why, QString::fromStdString(aside.error().message)),
                    Words::tr("Move the file away by hand; until then this window keeps nothing."), ErrorCode::Io);
    }
    return told(Words::tr("The settings “%1” %2. They were kept as “%3”, and the window begins with what is usual.")
                    .arg(name, why, QString::fromStdString(aside->filename().string())),
                Words::tr("Nothing of runs, prompt sessions and saved layouts is in that file. Put it back under its first name while no window is "
                   "open, or delete it."));
}

/// Whether the file can be read by QSettings now.
bool makeUsable(const std::filesystem::path &file, std::vector<Error> &messages)
{
    std::error_code failed;
    const std::filesystem::file_status status = std::filesystem::status(file, failed);
    if (!std::filesystem::exists(status)) return true;
    const auto refuse = [&](const char *word, const QString &why) {
        messages.push_back(putAside(file, word, why));
        return messages.back().code != ErrorCode::Io;
    };
    if (!std::filesystem::is_regular_file(status)) return refuse("no-file", Words::tr("are no file"));
    const uint64_t size = std::filesystem::file_size(file, failed);
    if (!failed && size > kMaxSettingsBytes)
        return refuse("too-large", Words::tr("have %1, expected %2 at most")
                                       .arg(QString::fromStdString(formatBytes(size)), QString::fromStdString(formatBytes(kMaxSettingsBytes))));
    const Result<std::string> content = readFile(file, kMaxSettingsBytes);
    if (!content) return refuse("unreadable", Words::tr("cannot be read (%1)").arg(QString::fromStdString(content.error().message)));
    const QByteArray text = QByteArray::fromStdString(*content);
    if (const int format = formatOf(text); format > kSettingsFormat)
        return refuse("newer", Words::tr("were written by a newer version (format %1, this one reads up to %2)").arg(format).arg(kSettingsFormat));
    const QByteArray readable = readableLines(text);
    if (readable == text) return true;
    if (!refuse("damaged", Words::tr("are damaged"))) return false;
    const qsizetype numLost = text.count('\n') - readable.count('\n');
    if (writeFileAtomically(file, std::string_view(readable.constData(), size_t(readable.size()))))
        messages.back() = told(QString::fromStdString(messages.back().message)
                                   .replace(Words::tr("begins with what is usual"), Words::tr("goes on with all that could be read")),
                               Words::tr("Lines that could not be read: %1. Look at the kept file if something is missing.").arg(std::max<qsizetype>(numLost, 1)));
    return true;
}

/// What a second window looks like at first: as the first one, without its place and its drafts.
void takeLook(QSettings &settings, const std::filesystem::path &first)
{
    const QSettings from(QString::fromStdString(first.string()), QSettings::IniFormat);
    for (const QString &key : from.allKeys())
        for (const auto prefix : {"window/theme"_L1, "window/geometry"_L1, "docks/"_L1, "dockNames/"_L1, "splitters/"_L1,
                                  "palette/"_L1, "notify/"_L1, "runs/colors"_L1, "connection/"_L1})
            if (key.startsWith(prefix)) settings.setValue(key, from.value(key));
}

} // namespace

WindowSettings openWindowSettings(const std::filesystem::path &folder)
{
    WindowSettings opened;
    std::error_code failed;
    std::filesystem::create_directories(folder, failed);
    for (opened.number = 1; opened.number <= kMaxWindows; ++opened.number) {
        Result<LockFile> lock = LockFile::acquire(fileOf(folder, opened.number, ".lock"), "window " + std::to_string(::getpid()) + '\n');
        if (lock) opened.lock = std::move(lock).value();
        if (lock || lock.error().code != ErrorCode::Conflict) break; // a folder that knows no locks has one window
    }
    const std::filesystem::path file = fileOf(folder, opened.number, ".ini");
    const bool isNew = !std::filesystem::exists(file, failed);
    const bool isUsable = makeUsable(file, opened.told);
    // One that stays in the way is neither read nor written over.
    const std::filesystem::path used = isUsable ? file : fileOf(folder, opened.number, (".ini.of-" + std::to_string(::getpid())).c_str());
    opened.settings = std::make_unique<QSettings>(QString::fromStdString(used.string()), QSettings::IniFormat);
    if (opened.number > 1) {
        std::vector<Error> ignored;
        const std::filesystem::path first = fileOf(folder, 1, ".ini");
        const bool isReadable = std::filesystem::is_regular_file(first, failed) && std::filesystem::file_size(first, failed) <= kMaxSettingsBytes;
        if (isNew && isReadable) takeLook(*opened.settings, first);
        opened.told.push_back(told(Words::tr("Another Orrery window is open with this state folder: this is window %1.").arg(opened.number),
                                   Words::tr("It has a place, drafts and undo of its own, which window %1 finds again. Runs, prompt sessions and saved "
                                      "layouts are shared.")
                                       .arg(opened.number),
                                   ErrorCode::Conflict));
    }
    opened.settings->setValue(u"format"_s, kSettingsFormat);
    return opened;
}

} // namespace orrery::ui
