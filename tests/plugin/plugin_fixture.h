// SPDX-License-Identifier: Apache-2.0
// Plugin folders made for one test. A library here is a header that looks like one: metadata is read, nothing
// is loaded.
#pragma once

#include "core/plugin/plugin_catalogue.h"

#include <QDir>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include <cstring>
#include <elf.h>
#include <sys/stat.h>

namespace orrery::test {

inline QByteArray libraryHeader()
{
    Elf64_Ehdr header{};
    std::memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_type = ET_DYN;
#if defined(__aarch64__)
    header.e_machine = EM_AARCH64;
#else
    header.e_machine = EM_X86_64;
#endif
    return QByteArray(reinterpret_cast<const char *>(&header), sizeof header);
}

/// {"id":…,"name":…,"version":"1.0.0","apiVersion":1,"engineLibrary":"lib<id>.so"<more>}
inline QByteArray manifestOf(const QByteArray &id, const QByteArray &more = {})
{
    return R"({"id":")" + id + R"(","name":"Plugin )" + id +
           R"(","version":"1.0.0","apiVersion":1,"engineLibrary":"lib)" + id + R"(.so")" +
           (more.isEmpty() ? QByteArray() : "," + more) + "}";
}

/// A folder of plugins that only this user may write, whatever the umask is.
class PluginFolder {
public:
    PluginFolder() { setMode(QString(), 0700); }
    [[nodiscard]] QString path(const QString &name = {}) const
    {
        return name.isEmpty() ? m_folder.path() : m_folder.filePath(name);
    }
    [[nodiscard]] std::filesystem::path fsPath(const QString &name = {}) const
    {
        return path(name).toStdString();
    }

    void write(const QString &name, const QByteArray &content) const
    {
        const QString folder = QFileInfo(path(name)).absolutePath();
        if (!QDir(folder).exists()) {
            QDir().mkpath(folder);
            ::chmod(folder.toUtf8().constData(), 0755);
        }
        QFile file(path(name));
        if (!file.open(QIODevice::WriteOnly)) qFatal("cannot write %s", qPrintable(name));
        file.write(content);
        file.close();
        setMode(name, 0644);
    }
    void setMode(const QString &name, mode_t mode) const { ::chmod(path(name).toUtf8().constData(), mode); }
    /// Folder, manifest and library of a plugin.
    void add(const QByteArray &id, const QByteArray &more = {}) const { addAs(id, manifestOf(id, more)); }
    void addAs(const QByteArray &id, const QByteArray &manifest) const
    {
        const QString name = QString::fromUtf8(id);
        write(name + QStringLiteral("/") + name + QStringLiteral(".json"), manifest);
        write(name + QStringLiteral("/lib") + name + QStringLiteral(".so"), libraryHeader());
    }
    [[nodiscard]] PluginCatalogue scan() const
    {
        return PluginCatalogue::scan({{fsPath(), DirectoryNeed::Named}});
    }
    [[nodiscard]] PluginInfo scanned(const char *id) const
    {
        const PluginCatalogue catalogue = scan();
        const PluginRecord *record = catalogue.find(id);
        return record ? record->info : PluginInfo{};
    }

private:
    QTemporaryDir m_folder;
};

} // namespace orrery::test
