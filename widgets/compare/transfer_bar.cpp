// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/compare/transfer_bar.h"

#include "widgets/common/banner.h"
#include "widgets/common/counted.h"
#include "widgets/common/engine_path.h"
#include "widgets/common/number_text.h"
#include "widgets/common/progress_row.h"
#include "widgets/common/run_text.h"
#include "widgets/theme/theme.h"

#include <QDialog>
#include <QDialogButtonBox>
#include <QDir>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QVBoxLayout>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr qsizetype kShownNotes = 2;

} // namespace

TransferBar::TransferBar(EngineSession &session, QWidget *parent)
    : QWidget(parent), m_session(session), m_progress(new ProgressRow(this)), m_banner(new Banner(this)),
      m_notesButton(m_banner->addButton(tr("Show all…")))
{
    setObjectName(u"transferBar"_s);
    m_banner->setObjectName(u"transferBanner"_s);
    m_banner->clear();
    m_notesButton->setObjectName(u"transferNotes"_s);
    m_notesButton->hide();
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(space::kHalf);
    layout->addWidget(m_progress);
    layout->addWidget(m_banner);
    connect(m_notesButton, &QPushButton::clicked, this, &TransferBar::showNotes);
}

void TransferBar::chooseImport()
{
    PathQuestion question{tr("Import a TensorBoard log directory"), u"importDialog"_s};
    question.accept = tr("Import");
    askForEnginePath(m_session, this, question, [this](const QString &path) { importLog(path); });
}

void TransferBar::chooseExport(const QStringList &runs)
{
    if (runs.isEmpty()) return;
    const QString title = runs.size() == 1 ? tr("Export “%1” for TensorBoard into a folder").arg(titleOf(runs.first()))
                                           : tr("Export %1 runs for TensorBoard, each into a folder of its own below")
                                                 .arg(integerText(runs.size()));
    PathQuestion question{title, u"exportDialog"_s};
    question.accept = tr("Export");
    askForEnginePath(m_session, this, question, [this, runs](const QString &path) { exportRuns(runs, path); });
}

QString TransferBar::titleOf(const QString &run) const
{
    for (const RunStatus &status : m_session.runs())
        if (fromStd(status.id) == run) return runTitle(status);
    return run;
}

void TransferBar::importLog(const QString &path)
{
    if (isBusy()) {
        m_banner->showMessage(BannerKind::Warning, tr("One import or export is under way."),
                              tr("Wait until it has ended, or cancel it."));
        return;
    }
    m_banner->clear();
    m_notes.clear();
    m_notesButton->hide();
    // An engine that has not told yet how much there is, or an older one, promises nothing.
    m_progress->setProgress(tr("Importing %1 …").arg(path), -1, [this] { cancel(); });
    const quint64 number = ++m_number;
    const auto onAmount = [this, path, number](const TransferAmount &amount) {
        if (number != m_number || amount.numTotal == 0) return;
        m_progress->setProgress(tr("Importing %1 … %2 of %3").arg(path, bytesText(amount.numDone), bytesText(amount.numTotal)),
                                std::min(1.0, double(amount.numDone) / double(amount.numTotal)), [this] { cancel(); });
    };
    m_request = m_session.importRunsWatched(path, this, onAmount, [this, path, number](Result<ImportedRuns> reply) {
        if (number == m_number) takeImport(path, reply);
    });
    Q_EMIT busyChanged();
}

void TransferBar::takeImport(const QString &path, const Result<ImportedRuns> &reply)
{
    finish();
    if (!reply) {
        m_banner->showError(reply.error());
        return;
    }
    m_notes = reply->notes;
    QStringList runs;
    for (const RunStatus &status : reply->runs) runs << fromStd(status.id);
    QString message = tr("Imported %1 with %2 from %3.")
                          .arg(counted(runs.size(), tr("1 run"), tr("%1 runs")),
                               counted(qint64(reply->numPoints), tr("1 point"), tr("%1 points")), path);
    if (reply->numSkipped > 0)
        message += u' ' + counted(qint64(reply->numSkipped), tr("1 record could not be read and was skipped."),
                                  tr("%1 records could not be read and were skipped."));
    QStringList hint = m_notes.mid(0, kShownNotes);
    if (m_notes.size() > kShownNotes)
        hint << counted(m_notes.size() - kShownNotes, tr("and 1 more note"), tr("and %1 more notes"));
    m_notesButton->setVisible(m_notes.size() > kShownNotes);
    m_banner->showMessage(reply->numSkipped > 0 || runs.isEmpty() ? BannerKind::Warning : BannerKind::Info, message,
                          hint.join(u'\n'));
    if (!runs.isEmpty()) Q_EMIT imported(runs);
}

void TransferBar::exportRuns(const QStringList &runs, const QString &directory)
{
    if (isBusy()) {
        m_banner->showMessage(BannerKind::Warning, tr("One import or export is under way."),
                              tr("Wait until it has ended, or cancel it."));
        return;
    }
    m_banner->clear();
    m_notesButton->hide();
    m_notes.clear();
    m_failures.clear();
    m_queue.assign(runs.begin(), runs.end());
    m_directory = directory;
    m_numExports = int(runs.size());
    m_numExported = 0;
    m_isExporting = true;
    ++m_number;
    Q_EMIT busyChanged();
    exportNext();
}

void TransferBar::exportNext()
{
    if (m_queue.empty()) {
        endExport({});
        return;
    }
    const QString run = m_queue.front();
    m_queue.pop_front();
    const int numDone = m_numExports - int(m_queue.size()) - 1;
    m_progress->setProgress(tr("Exporting %1 …").arg(titleOf(run)), double(numDone) / m_numExports, [this] { cancel(); });
    const quint64 number = m_number;
    m_request = m_session.exportRun(run, QDir(m_directory).filePath(run), this, [this, run, number](Result<void> reply) {
        if (number != m_number) return;
        if (reply)
            ++m_numExported;
        else
            m_failures << tr("%1: %2").arg(titleOf(run), errorText(reply.error()));
        exportNext();
    });
}

void TransferBar::endExport(const QString &hint)
{
    finish();
    m_notes = m_failures;
    QStringList hints;
    if (!hint.isEmpty()) hints << hint;
    hints << m_failures.mid(0, kShownNotes);
    if (m_failures.size() > kShownNotes)
        hints << counted(m_failures.size() - kShownNotes, tr("and 1 more"), tr("and %1 more"));
    m_notesButton->setVisible(m_failures.size() > kShownNotes);
    const BannerKind kind = !m_failures.isEmpty() ? BannerKind::Error : hint.isEmpty() ? BannerKind::Info : BannerKind::Warning;
    m_banner->showMessage(kind,
                          m_failures.isEmpty() && hint.isEmpty()
                              ? tr("Exported %1 to %2.").arg(counted(m_numExported, tr("1 run"), tr("%1 runs")), m_directory)
                              : tr("Exported %1 of %2 to %3.")
                                    .arg(integerText(m_numExported), counted(m_numExports, tr("1 run"), tr("%1 runs")), m_directory),
                          hints.join(u'\n'));
}

/// Answers at once; the engine leaves whole runs only.
void TransferBar::cancel()
{
    if (!isBusy()) return;
    ++m_number;
    m_queue.clear();
    if (m_isExporting) {
        endExport(tr("Cancelled. What was exported until then is whole."));
        return;
    }
    finish();
    m_banner->showMessage(BannerKind::Info, tr("The import was cancelled."),
                          tr("Runs that were whole by then are in the list; importing again would make further ones."));
}

void TransferBar::finish()
{
    m_request.reset();
    m_isExporting = false;
    m_progress->clear();
    Q_EMIT busyChanged();
}

void TransferBar::showNotes()
{
    auto *dialog = new QDialog(window());
    dialog->setObjectName(u"transferNotesDialog"_s);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setWindowTitle(tr("What was skipped, and where"));
    auto *text = new QPlainTextEdit(m_notes.join(u'\n'), dialog);
    text->setReadOnly(true);
    text->setLineWrapMode(QPlainTextEdit::NoWrap);
    text->setAccessibleName(dialog->windowTitle());
    auto *buttons = new QDialogButtonBox(QDialogButtonBox::Close, dialog);
    buttons->button(QDialogButtonBox::Close)->setIcon(QIcon());
    auto *layout = new QVBoxLayout(dialog);
    layout->addWidget(text, 1);
    layout->addWidget(buttons);
    connect(buttons, &QDialogButtonBox::rejected, dialog, &QDialog::close);
    dialog->resize(720, 420);
    dialog->open();
}

} // namespace orrery::ui
