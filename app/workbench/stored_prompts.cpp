// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/workbench/stored_prompts.h"

#include "core/base/files.h"
#include "core/store/prompt_archive.h"
#include "widgets/common/number_text.h"
#include "widgets/play/session_document.h"

#include <QCoreApplication>
#include <QDateTime>
#include <QJsonDocument>
#include <QTimer>

#include <chrono>
#include <memory>
#include <optional>
#include <utility>

namespace orrery::ui {
namespace {

constexpr std::chrono::milliseconds kSearchStep{200}; ///< of reading what changed, between two looks at what else is asked
constexpr int kIdleMs = 3'000; ///< after the last change the texts are taken into the index

SessionEntry entryOf(const store::PromptSessionRow &row)
{
    SessionEntry entry;
    entry.id = row.id;
    entry.title = fromStd(row.title);
    entry.model = fromStd(row.model);
    entry.preview = fromStd(row.preview);
    entry.createdUs = row.createdUs;
    entry.editedUs = row.editedUs;
    entry.revision = row.revision;
    entry.numAnswers = static_cast<int>(row.numAnswers);
    entry.isPinned = row.isPinned;
    entry.hasOwnTitle = row.hasOwnTitle;
    return entry;
}

Result<SessionEntry> entryOf(Result<store::PromptSessionRow> row)
{
    if (!row) return row.error();
    return entryOf(*row);
}

store::PromptSessionChange changeOf(SessionChange change)
{
    store::PromptSessionChange stored;
    stored.id = change.id;
    stored.revision = change.revision;
    stored.document = QJsonDocument(change.document).toJson(QJsonDocument::Compact).toStdString();
    stored.title = toStd(change.title);
    stored.model = toStd(change.model);
    stored.preview = toStd(change.preview);
    stored.text = toStd(sessionWords(change.document));
    stored.isPinned = change.isPinned;
    stored.hasOwnTitle = change.hasOwnTitle;
    stored.createdUs = change.createdUs;
    stored.keepsTime = change.keepsTime;
    stored.keptAnswers.assign(change.keys.begin(), change.keys.end());
    for (SessionChange::Answer &answer : change.answers)
        stored.answers.push_back({answer.key, answer.firstToken, std::move(answer.tokens)});
    return stored;
}

Result<SessionContent> contentOf(Result<store::PromptSessionContent> stored)
{
    if (!stored) return stored.error();
    const QJsonDocument document = QJsonDocument::fromJson(QByteArray::fromStdString(stored->document));
    // As an empty session its answers would go with the next change.
    if (!document.isObject())
        return Error{ErrorCode::Io,
                     "Cannot open prompt session " + std::to_string(stored->row.id) +
                         ": what is kept of it is no JSON object, expected the document that this program wrote.",
                     "Bring the archive back from a copy; the other sessions are not touched by it."};
    SessionContent content;
    content.entry = entryOf(stored->row);
    content.document = document.object();
    for (auto &[answer, tokens] : stored->answers) content.tokens[answer] = std::move(tokens);
    return content;
}

} // namespace

/// Lives in the thread of the archive.
class PromptWorker : public QObject {
    Q_OBJECT
public:
    explicit PromptWorker(std::filesystem::path file) : m_file(std::move(file)) {}

    template <typename T, typename Work> Result<T> run(const Work &work)
    {
        if (Result<void> opened = open(); !opened) {
            Error error = std::move(opened).error();
            // Of the file as a whole; a Conflict is that of one session.
            if (error.code == ErrorCode::Conflict) error.code = ErrorCode::Unavailable;
            return error;
        }
        Result<T> result = work(*m_archive);
        // Pages that were good when the file was opened may be bad further on.
        if (!result && result.error().code == ErrorCode::InvalidInput && m_archive->isDamaged()) putAside(result.error());
        indexLater();
        return result;
    }

    /// After the answer of the request that is worked on, which shows the session.
    void tellDamage(const store::PromptSessionContent &content)
    {
        const QString title = fromStd(content.row.title);
        const QString message =
            content.numDamaged == 1
                ? tr("An answer of the session “%1” could not be read and is left out.").arg(title)
                : tr("%1 answers of the session “%2” could not be read and are left out.")
                      .arg(integerText(content.numDamaged), title);
        const QString hint = tr("What is kept stays as it is in %1: bring that file back from a copy to read all of it again.")
                                 .arg(fromStd(m_file.string()));
        QMetaObject::invokeMethod(this, [this, message, hint] { Q_EMIT told(message, hint); }, Qt::QueuedConnection);
    }

Q_SIGNALS:
    void told(const QString &message, const QString &hint);

private:
    Result<void> open()
    {
        if (m_archive) return {};
        std::error_code failed;
        std::filesystem::create_directories(m_file.parent_path(), failed); // else opening says why not
        auto opened = store::PromptArchive::open(m_file);
        if (!opened && opened.error().code == ErrorCode::InvalidInput) {
            ORRERY_TRY(putAside(opened.error()));
            opened = store::PromptArchive::open(m_file);
        }
        if (!opened) return opened.error();
        m_archive = std::move(*opened);
        return {};
    }
    Result<void> putAside(const Error &why)
    {
        m_archive.reset();
        auto moved = store::putAside(m_file, QDateTime::currentSecsSinceEpoch());
        if (!moved) return moved.error();
        Q_EMIT told(tr("The prompt sessions could not be read and were put aside as %1; a new archive was begun.")
                        .arg(fromStd(moved->filename().string())),
                    tr("They are in %1. What was wrong: %2")
                        .arg(fromStd(moved->parent_path().string()), errorText(why)));
        return {};
    }
    void indexLater()
    {
        if (!m_timer) {
            m_timer = new QTimer(this);
            m_timer->setSingleShot(true);
            connect(m_timer, &QTimer::timeout, this, [this] {
                if (!m_archive) return;
                const Result<bool> isMore = m_archive->indexSome();
                if (isMore && *isMore) m_timer->start(0); // some at a time: others may wait for an answer
            });
        }
        m_timer->start(kIdleMs);
    }

    std::filesystem::path m_file;
    std::unique_ptr<store::PromptArchive> m_archive;
    QTimer *m_timer = nullptr;
};

StoredPrompts::StoredPrompts(std::filesystem::path file, QObject *parent)
    : PromptArchive(parent), m_worker(new PromptWorker(std::move(file)))
{
    m_worker->moveToThread(&m_thread);
    connect(&m_thread, &QThread::finished, m_worker, &QObject::deleteLater);
    connect(m_worker, &PromptWorker::told, this, &PromptArchive::told);
    m_thread.setObjectName(QStringLiteral("prompts"));
    m_thread.start();
}

StoredPrompts::~StoredPrompts()
{
    QMetaObject::invokeMethod(m_worker, [] {}, Qt::BlockingQueuedConnection);
    m_thread.quit();
    m_thread.wait();
}

template <typename T, typename Work> void StoredPrompts::ask(QObject *context, Reply<T> reply, Work work)
{
    // Values are moved along: they may be large, and some cannot be copied.
    const auto job = std::make_shared<Work>(std::move(work));
    QMetaObject::invokeMethod(m_worker, [this, job, context = QPointer<QObject>(context), reply = std::move(reply)] {
        const auto result = std::make_shared<Result<T>>(m_worker->run<T>(*job));
        QMetaObject::invokeMethod(
            this,
            [context, reply, result] {
                if (context) reply(std::move(*result));
            },
            Qt::QueuedConnection);
    }, Qt::QueuedConnection);
}

void StoredPrompts::list(const QString &text, QObject *context, Reply<SessionListing> reply)
{
    search(text, true, context, std::move(reply));
}

void StoredPrompts::searchOn(const QString &text, QObject *context, Reply<SessionListing> reply)
{
    search(text, false, context, std::move(reply));
}

void StoredPrompts::search(const QString &search, bool isBegin, QObject *context, Reply<SessionListing> reply)
{
    ask<SessionListing>(
        context, std::move(reply),
        [text = toStd(search), isBegin](store::PromptArchive &archive) -> Result<SessionListing> {
            const auto part = isBegin ? store::PromptSearchPart::Begin : store::PromptSearchPart::GoOn;
            ORRERY_ASSIGN(const store::PromptSearchStep step, archive.search(text, part, kSearchStep));
            SessionListing listing;
            listing.numUnread = static_cast<int>(step.numUnread);
            listing.entries.reserve(step.rows.size());
            for (const store::PromptSessionRow &row : step.rows) listing.entries.push_back(entryOf(row));
            return listing;
        });
}

void StoredPrompts::load(qint64 session, QObject *context, Reply<SessionContent> reply)
{
    ask<SessionContent>(context, std::move(reply), [session, worker = m_worker](store::PromptArchive &archive) {
        Result<store::PromptSessionContent> content = archive.load(session);
        if (content && content->numDamaged > 0) worker->tellDamage(*content);
        return contentOf(std::move(content));
    });
}

void StoredPrompts::save(SessionChange change, QObject *context, Reply<SessionEntry> reply)
{
    const auto kept = std::make_shared<SessionChange>(std::move(change));
    ask<SessionEntry>(context, std::move(reply), [kept](store::PromptArchive &archive) {
        return entryOf(archive.save(changeOf(std::move(*kept))));
    });
}

void StoredPrompts::rename(qint64 session, const QString &title, QObject *context, Reply<SessionEntry> reply)
{
    ask<SessionEntry>(context, std::move(reply), [session, text = toStd(title)](store::PromptArchive &archive) {
        return entryOf(archive.rename(session, text));
    });
}

void StoredPrompts::pin(qint64 session, bool isPinned, QObject *context, Reply<SessionEntry> reply)
{
    ask<SessionEntry>(context, std::move(reply), [session, isPinned](store::PromptArchive &archive) {
        return entryOf(archive.pin(session, isPinned));
    });
}

void StoredPrompts::duplicate(qint64 session, const QString &title, QObject *context, Reply<SessionEntry> reply)
{
    ask<SessionEntry>(context, std::move(reply), [session, text = toStd(title)](store::PromptArchive &archive) {
        return entryOf(archive.duplicate(session, text));
    });
}

void StoredPrompts::remove(qint64 session, QObject *context, Reply<void> reply)
{
    ask<void>(context, std::move(reply), [session](store::PromptArchive &archive) { return archive.remove(session); });
}

void StoredPrompts::bringBack(qint64 session, QObject *context, Reply<SessionEntry> reply)
{
    ask<SessionEntry>(context, std::move(reply), [session](store::PromptArchive &archive) {
        return entryOf(archive.bringBack(session));
    });
}

void StoredPrompts::flush()
{
    QMetaObject::invokeMethod(m_worker, [] {}, Qt::BlockingQueuedConnection);
    QCoreApplication::sendPostedEvents(this, QEvent::MetaCall);
}

} // namespace orrery::ui

#include "stored_prompts.moc"
