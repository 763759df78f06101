// SPDX-License-Identifier: GPL-3.0-or-later
// Sessions into files and out of them: reading and writing are a worker's.
#include "widgets/play/sessions_pane.h"

#include "widgets/common/banner.h"
#include "widgets/common/file_place.h"
#include "widgets/common/number_text.h"
#include "widgets/play/session_keeper.h"
#include "widgets/play/session_list_model.h"

#include <QFileDialog>
#include <QFileInfo>
#include <QRegularExpression>
#include <QtConcurrentRun>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

QString fileNameOf(const QString &title, const QString &ending)
{
    QString name = title.left(40).trimmed();
    name.replace(QRegularExpression(u"[^\\w \\-]+"_s, QRegularExpression::UseUnicodePropertiesOption), u"_"_s);
    return (name.isEmpty() ? u"session"_s : name) + u'.' + ending;
}

SessionChange importedChange(SessionContent content)
{
    SessionChange change;
    for (const QJsonValue &answer : content.document.value("answers"_L1).toArray())
        change.keys.push_back(answer.toObject().value("key"_L1).toInteger());
    change.document = content.document;
    const SessionEntry entry = content.entry;
    const SessionState state = sessionState(std::move(content));
    change.title = entry.title.isEmpty() ? sessionTitle(state) : entry.title;
    change.hasOwnTitle = entry.hasOwnTitle;
    change.model = sessionModel(state);
    change.preview = sessionPreview(state);
    change.isPinned = entry.isPinned;
    change.createdUs = entry.createdUs;
    for (const VersionPtr &version : versionsOf(state))
        if (!version->tokens.empty()) change.answers.push_back({version->key, 0, std::move(version->tokens)});
    return change;
}

} // namespace

void SessionsPane::askForImport()
{
    QFileDialog *dialog = makeFileDialog(this, tr("Open a session file"), u"importDialog"_s);
    dialog->setFileMode(QFileDialog::ExistingFile);
    dialog->setNameFilters({tr("Prompt sessions (*.json)"), tr("All files (*)")});
    connect(dialog, &QFileDialog::fileSelected, this, &SessionsPane::importFile);
    dialog->open();
}

void SessionsPane::importFile(const QString &path)
{
    banner()->clear();
    setProgress(tr("Reading %1 …").arg(QFileInfo(path).fileName()), -1);
    QtConcurrent::run([path]() -> std::shared_ptr<Result<SessionChange>> {
        Result<SessionContent> content = readSessionFile(path);
        if (!content) return std::make_shared<Result<SessionChange>>(content.error());
        return std::make_shared<Result<SessionChange>>(importedChange(std::move(*content)));
    }).then(this, [this](const std::shared_ptr<Result<SessionChange>> &read) {
        clearProgress();
        if (!*read) return banner()->showError(read->error());
        m_archive.save(std::move(**read), this, [this](const Result<SessionEntry> &reply) {
            takeEntry(reply);
            if (!reply) return;
            m_keeper.open(reply->id);
            Q_EMIT opened(reply->id);
        });
    });
}

void SessionsPane::askForExport(const QString &ending, ExportedVersions versions)
{
    const SessionEntry *entry = selected();
    if (!entry) return;
    QFileDialog *dialog = makeFileDialog(this, tr("Export the session"), u"exportDialog"_s);
    dialog->setAcceptMode(QFileDialog::AcceptSave);
    dialog->setDefaultSuffix(ending);
    dialog->setNameFilter(ending == u"json" ? tr("JSON (*.json)") : tr("Markdown (*.md)"));
    dialog->selectFile(fileNameOf(sessionTitleText(*entry), ending));
    connect(dialog, &QFileDialog::fileSelected, this,
            [this, session = entry->id, versions](const QString &path) { exportSession(session, versions, path); });
    dialog->open();
}

void SessionsPane::exportSession(qint64 session, ExportedVersions versions, const QString &path)
{
    banner()->clear();
    setProgress(tr("Saving %1 …").arg(QFileInfo(path).fileName()), -1);
    whenKept(session, [this, session, versions, path] {
        m_archive.load(session, this, [this, versions, path](Result<SessionContent> reply) {
            if (!reply) {
                clearProgress();
                return banner()->showError(reply.error());
            }
            write(std::make_shared<SessionContent>(std::move(*reply)), versions, path);
        });
    });
}

void SessionsPane::write(const std::shared_ptr<SessionContent> &content, ExportedVersions versions, const QString &path)
{
    QtConcurrent::run([content, versions, path] {
        return saveSession(sessionSnapshot(std::move(*content)), versions, path);
    }).then(this, [this, path](const Result<void> &saved) {
        clearProgress();
        if (!saved) return banner()->showError(saved.error());
        banner()->showMessage(BannerKind::Info, tr("Saved as %1.").arg(path));
    });
}

} // namespace orrery::ui
