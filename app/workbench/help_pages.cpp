// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/workbench/help_pages.h"

#include "widgets/common/action_registry.h"

#include <QAction>
#include <QCoreApplication>
#include <QDir>
#include <QFile>

#include <algorithm>
#include <map>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

const auto kFirstPage = u"tour.md"_s;

class Texts {
    Q_DECLARE_TR_FUNCTIONS(HelpPages)
};

QString titleOf(const QString &file)
{
    QFile page(file);
    if (!page.open(QIODevice::ReadOnly)) return {};
    const QString line = QString::fromUtf8(page.readLine(400)).trimmed();
    return line.startsWith("# "_L1) ? line.sliced(2).trimmed() : QString();
}

/// What Markdown would take for its own.
QString plain(QString text)
{
    for (const QChar special : u"\\`*_|<>[]"_s) text.replace(special, QString(u'\\') + special);
    return text;
}

} // namespace

QString helpFolder()
{
    const QDir program(QCoreApplication::applicationDirPath());
    for (const QString &folder : {u"../share/doc/orrery/docs"_s, u"../../../docs"_s}) {
        const QString path = QDir::cleanPath(program.filePath(folder));
        if (QFile::exists(path + u'/' + kFirstPage)) return path;
    }
    return {};
}

std::vector<HelpPage> helpPages(const QString &folder)
{
    std::vector<HelpPage> pages;
    if (folder.isEmpty()) return pages;
    const QDir dir(folder);
    for (const QString &name : dir.entryList({u"*.md"_s}, QDir::Files | QDir::Readable)) {
        HelpPage page{dir.filePath(name), titleOf(dir.filePath(name))};
        if (!page.title.isEmpty()) pages.push_back(std::move(page));
    }
    const auto isFirst = [](const HelpPage &page) { return page.file.endsWith(u'/' + kFirstPage); };
    std::sort(pages.begin(), pages.end(), [&](const HelpPage &a, const HelpPage &b) {
        return isFirst(a) != isFirst(b) ? isFirst(a) : QString::localeAwareCompare(a.title, b.title) < 0;
    });
    return pages;
}

QString keysPage(const ActionRegistry &actions)
{
    std::map<QString, QString> tables; // by category
    for (const ActionEntry &entry : actions.entries()) {
        if (!entry.action || entry.action->shortcuts().isEmpty()) continue;
        QStringList keys;
        for (const QKeySequence &key : entry.action->shortcuts()) keys << plain(key.toString(QKeySequence::NativeText));
        tables[categoryText(entry.category)] +=
            u"| %1 | %2 |\n"_s.arg(keys.join(u", "_s), plain(plainActionText(entry.action->text())));
    }
    QString page = u"# "_s + Texts::tr("Keys") + u"\n\n"_s +
                   Texts::tr("Every key of the window. Inside a panel arrows move through what it shows, Enter opens, Esc goes up a "
                             "level, and F1 says more.") +
                   u"\n\n"_s;
    for (const auto &[category, rows] : tables)
        page += u"## %1\n\n| %2 | %3 |\n|---|---|\n%4\n"_s.arg(category, Texts::tr("Key"), Texts::tr("Does"), rows);
    return page;
}

} // namespace orrery::ui
