// SPDX-License-Identifier: GPL-3.0-or-later
// What a panel's buttons take along: a file, a link, a command, a figure or data in the clipboard.
#include "widgets/common/panel_tools.h"

#include "core/spec/field_values.h"
#include "widgets/common/banner.h"
#include "widgets/common/engine_command.h"
#include "widgets/common/file_place.h"
#include "widgets/common/number_text.h"
#include "widgets/common/view_link.h"
#include "widgets/theme/theme.h"

#include <QAction>
#include <QClipboard>
#include <QDir>
#include <QFileDialog>
#include <QFileInfo>
#include <QGuiApplication>
#include <QToolButton>
#include <QToolTip>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr int kCopiedMs = 1'500;

QString kindOf(const QString &ending)
{
    if (ending == u"svg") return PanelTools::tr("SVG, drawing");
    if (ending == u"pdf") return PanelTools::tr("PDF, drawing");
    if (ending == u"png") return PanelTools::tr("PNG, picture");
    if (ending == u"csv") return PanelTools::tr("CSV, table");
    if (ending == u"npz") return PanelTools::tr("NPZ, NumPy arrays");
    if (ending == u"json") return PanelTools::tr("JSON, text");
    return ending.toUpper();
}

/// ".svg, .pdf or .png"
std::string endingList(const QStringList &endings)
{
    QStringList dotted;
    for (const QString &ending : endings) dotted << u'.' + ending;
    const QString last = dotted.takeLast();
    return toStd(dotted.isEmpty() ? last : dotted.join(u", "_s) + u" or "_s + last);
}

} // namespace

QString PanelTools::noCommandText() { return tr("There is no command for what is shown."); }

void PanelTools::askForPath(const QStringList &endings, const QString &title)
{
    if (m_dialog || endings.isEmpty()) return;
    QStringList filters;
    for (const QString &ending : endings) filters << kindOf(ending) + u" (*."_s + ending + u')';
    QFileDialog *dialog = makeFileDialog(&m_frame, title, u"panelSaveDialog"_s);
    m_dialog = dialog;
    dialog->setAcceptMode(QFileDialog::AcceptSave);
    dialog->setNameFilters(filters);
    dialog->setDefaultSuffix(endings.constFirst());
    connect(dialog, &QFileDialog::filterSelected, dialog, [dialog, filters, endings](const QString &filter) {
        const qsizetype at = filters.indexOf(filter);
        if (at >= 0) dialog->setDefaultSuffix(endings.at(at));
    });
    QString name = m_export.fileName.isEmpty() ? u"figure"_s : m_export.fileName;
    // "Loss · code-7M" is another file than that of the next run.
    const QString subject = m_frame.title().section(u" · "_s, 1).left(60).trimmed();
    if (!subject.isEmpty() && !name.contains(subject)) name += u'-' + subject;
    for (const QChar c : {u'/', u'\\', u':'}) name.replace(c, u'-'); // "run@8000: layer 3" is no folder
    dialog->selectFile(name + u'.' + endings.constFirst());
    connect(dialog, &QFileDialog::fileSelected, this, &PanelTools::saveTo);
    dialog->open();
}

void PanelTools::saveTo(const QString &path)
{
    const QFileInfo file(path);
    const QStringList endings = m_export.figures + m_export.data;
    if (!m_export.save || endings.isEmpty()) return;
    if (!endings.contains(file.suffix().toLower())) {
        m_frame.banner()->showError({ErrorCode::InvalidInput,
                                     "Cannot save " + quotedValue(toStd(file.fileName())) + ": ending \"" +
                                         toStd(file.suffix()) + "\" found, expected " + endingList(endings) +
                                         ".",
                                     "Choose another name."});
        return;
    }
    const Result<void> saved = m_export.save(path);
    if (!saved || !m_savesLater) noteSaved(path, saved);
}

void PanelTools::noteSaved(const QString &path, const Result<void> &saved)
{
    if (!saved) return m_frame.banner()->showError(saved.error());
    setFileFolder(QFileInfo(path).absolutePath());
    m_frame.banner()->showMessage(BannerKind::Info, tr("Saved to %1.").arg(QDir::toNativeSeparators(path)));
}

void PanelTools::copyLink()
{
    const QString link = m_frame.viewLink();
    if (link.size() > kMaxLinkLength) { // nobody could open it
        m_frame.banner()->showError({ErrorCode::InvalidInput,
                                     "Cannot copy a link to this view: " + std::to_string(link.size()) +
                                         " characters found, expected " + std::to_string(kMaxLinkLength) +
                                         " or fewer.",
                                     "Shorten the texts that the panel shows."});
        return;
    }
    copyToClipboard(link);
    sayCopied(m_linkButton, tr("Link copied"));
}

void PanelTools::copyCommand()
{
    const QString command = m_frame.commandText();
    if (command.isEmpty()) { // there was one when it was last asked
        refresh();
        m_frame.banner()->showMessage(BannerKind::Warning, noCommandText());
        return;
    }
    copyToClipboard(command);
    sayCopied(m_commandButton, tr("Command copied"));
}

void PanelTools::copyFigure()
{
    const QImage image = m_export.image ? m_export.image() : QImage();
    if (image.isNull()) {
        m_frame.banner()->showMessage(BannerKind::Warning, tr("There is no figure to copy now."));
        return;
    }
    QGuiApplication::clipboard()->setImage(image);
    sayCopied(m_exportButton, tr("Figure copied"));
}

void PanelTools::copyData()
{
    const QString table = m_export.table ? m_export.table() : QString();
    if (table.isEmpty()) {
        m_frame.banner()->showMessage(BannerKind::Warning, tr("There is no data to copy now."));
        return;
    }
    copyToClipboard(table);
    sayCopied(m_exportButton, tr("Data copied"));
}

void PanelTools::sayCopied(QToolButton *button, const QString &what)
{
    if (!button->isVisible()) button = m_exportButton;
    button->setAccessibleDescription(what);
    if (!button->isVisible()) return;
    QToolTip::showText(button->mapToGlobal(QPoint(0, button->height())), what, button, {}, kCopiedMs);
    button->setIcon(Theme::instance().icon(u"check"_s));
    QTimer::singleShot(kCopiedMs, button, [button] {
        // Actions carry their own icon; the export button has none but its own.
        const QAction *action = button->defaultAction();
        button->setIcon(action ? action->icon() : Theme::instance().icon(u"export"_s));
        button->setAccessibleDescription({});
    });
}

} // namespace orrery::ui
