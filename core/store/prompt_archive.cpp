// SPDX-License-Identifier: Apache-2.0
#include "core/store/prompt_archive_impl.h"

#include "core/base/files.h"
#include "core/base/text.h"
#include "core/store/prompt_schema.h"
#include "core/store/prompt_tokens.h"

#include <sqlite3.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <iterator>
#include <set>
#include <span>
#include <utility>

namespace orrery::store {

namespace {

constexpr size_t kPieceTokens = 2048;
constexpr int64_t kDayUs = int64_t{86'400} * 1'000'000;

int64_t nowUs()
{
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
}

Error changedElsewhere(int64_t session)
{
    return Error{ErrorCode::Conflict,
                 "Cannot save prompt session " + std::to_string(session) +
                     ": another window changed or deleted it, expected the content that this one began with.",
                 "Save it as a session of its own."};
}

} // namespace

PromptSessionRow rowOf(const Statement &statement)
{
    PromptSessionRow row;
    row.id = statement.integer(0);
    row.createdUs = statement.integer(1);
    row.editedUs = statement.integer(2);
    row.title = statement.text(3);
    row.hasOwnTitle = statement.integer(4) != 0;
    row.isPinned = statement.integer(5) != 0;
    row.model = statement.text(6);
    row.preview = statement.text(7);
    row.numAnswers = statement.integer(8);
    row.revision = statement.integer(9);
    return row;
}

Error notThere(int64_t session)
{
    return Error{ErrorCode::NotFound,
                 "Cannot open prompt session " + std::to_string(session) +
                     ": it is not in the archive any more, expected one of the list.",
                 "Search the list anew: another window may have deleted it."};
}

Result<PromptSessionRow> PromptArchive::Impl::row(int64_t session)
{
    const std::string sql = std::string("SELECT ") + kColumns + " FROM session WHERE id=? AND deleted_us IS NULL";
    ORRERY_ASSIGN(Statement select, database->prepare(sql.c_str()));
    select.bind(1, session);
    ORRERY_ASSIGN(const bool hasRow, select.step());
    if (!hasRow) return notThere(session);
    return rowOf(select);
}

Result<PromptSessionRow> PromptArchive::Impl::change(int64_t session, Statement &statement, int parameter)
{
    statement.bind(parameter, session);
    ORRERY_TRY(statement.run());
    if (sqlite3_changes(database->handle()) == 0) return notThere(session);
    return row(session);
}

PromptArchive::PromptArchive(std::unique_ptr<Impl> impl) : m_impl(std::move(impl)) {}
PromptArchive::~PromptArchive() = default;
bool PromptArchive::hasIndex() const { return m_impl->hasFts; }

Result<std::unique_ptr<PromptArchive>> PromptArchive::open(const std::filesystem::path &path, PromptSearch search)
{
    auto impl = std::make_unique<Impl>();
    ORRERY_ASSIGN(impl->database, openPromptDatabase(path));
    if (search == PromptSearch::Indexed) {
        ORRERY_ASSIGN(impl->hasFts, prepareSearch(*impl->database));
    }
    ORRERY_TRY(impl->forgetDeleted(nowUs() - kDayUs));
    return std::unique_ptr<PromptArchive>(new PromptArchive(std::move(impl)));
}

Result<PromptSessionRow> PromptArchive::row(int64_t session) { return m_impl->row(session); }

Result<PromptSessionContent> PromptArchive::load(int64_t session)
{
    Database &database = *m_impl->database;
    ORRERY_ASSIGN(const Transaction reading, Transaction::begin(database, Transaction::Kind::Read));
    PromptSessionContent content;
    ORRERY_ASSIGN(content.row, m_impl->row(session));
    ORRERY_ASSIGN(Statement document, database.prepare("SELECT data FROM session_document WHERE session=?"));
    document.bind(1, session);
    ORRERY_ASSIGN(const bool hasDocument, document.step());
    if (!hasDocument) return notThere(session);
    ORRERY_ASSIGN(content.document, unpackText(document.bytes(0), kMaxDocumentBytes));
    ORRERY_ASSIGN(Statement pieces, database.prepare("SELECT answer,first,data FROM answer_tokens WHERE session=? "
                                                     "ORDER BY answer,first"));
    pieces.bind(1, session);
    std::set<int64_t> damaged; // the others of the session are read
    while (true) {
        ORRERY_ASSIGN(const bool hasPiece, pieces.step());
        if (!hasPiece) break;
        const int64_t key = pieces.integer(0);
        auto tokens = unpackTokens(pieces.bytes(2));
        if (!tokens) damaged.insert(key);
        if (damaged.contains(key)) continue;
        std::vector<GeneratedToken> &answer = content.answers[key];
        answer.insert(answer.end(), std::make_move_iterator(tokens->begin()), std::make_move_iterator(tokens->end()));
    }
    for (const int64_t key : damaged) content.answers.erase(key);
    content.numDamaged = std::ssize(damaged);
    return content;
}

Result<int64_t> PromptArchive::Impl::insert(const PromptSessionChange &change, int64_t now)
{
    ORRERY_ASSIGN(Statement add,
                  database->prepare("INSERT INTO session(created_us,edited_us,title,first_words,has_own_title,is_pinned,"
                                    "model,preview,num_answers,revision,indexed_revision) VALUES(?,?,?,?,?,?,?,?,?,1,0)"));
    add.bind(1, change.createdUs > 0 ? change.createdUs : now).bind(2, now);
    add.bindText(3, change.title).bindText(4, change.title).bind(5, change.hasOwnTitle).bind(6, change.isPinned);
    add.bindText(7, change.model).bindText(8, change.preview).bind(9, std::ssize(change.keptAnswers));
    ORRERY_TRY(add.run());
    return static_cast<int64_t>(sqlite3_last_insert_rowid(database->handle()));
}

Result<void> PromptArchive::Impl::update(const PromptSessionChange &change, int64_t now)
{
    ORRERY_ASSIGN(Statement set,
                  database->prepare("UPDATE session SET edited_us=CASE WHEN ? THEN edited_us ELSE ? END,first_words=?,title=CASE WHEN has_own_title THEN title "
                                    "ELSE ? END,model=?,preview=?,num_answers=?,revision=revision+1 "
                                    "WHERE id=? AND revision=? AND deleted_us IS NULL"));
    set.bind(1, change.keepsTime).bind(2, now).bindText(3, change.title).bindText(4, change.title);
    set.bindText(5, change.model).bindText(6, change.preview).bind(7, std::ssize(change.keptAnswers));
    set.bind(8, change.id).bind(9, change.revision);
    ORRERY_TRY(set.run());
    if (sqlite3_changes(database->handle()) == 0) return changedElsewhere(change.id);
    return {};
}

Result<PromptSessionRow> PromptArchive::save(const PromptSessionChange &change)
{
    auto begun = Transaction::begin(*m_impl->database, Transaction::Kind::Write);
    if (!begun) {
        Error error = std::move(begun).error();
        if (error.code == ErrorCode::Conflict) error.code = ErrorCode::Unavailable; // locked, and not changed by another
        return error;
    }
    Transaction writing = std::move(*begun);
    const int64_t now = change.editedUs > 0 ? change.editedUs : nowUs();
    int64_t session = change.id;
    if (session == 0) {
        ORRERY_ASSIGN(session, m_impl->insert(change, now));
    } else {
        ORRERY_TRY(m_impl->update(change, now));
    }
    ORRERY_TRY(m_impl->saveDocument(session, change));
    ORRERY_TRY(m_impl->dropAnswers(session, change.keptAnswers));
    for (const PromptAnswerChange &answer : change.answers) ORRERY_TRY(m_impl->saveAnswer(session, answer));
    ORRERY_ASSIGN(PromptSessionRow row, m_impl->row(session));
    ORRERY_TRY(writing.commit());
    return row;
}

Result<void> PromptArchive::Impl::saveDocument(int64_t session, const PromptSessionChange &change)
{
    // load() unpacks no more: what is kept can be opened.
    if (change.document.size() > kMaxDocumentBytes)
        return Error{ErrorCode::InvalidInput,
                     "Cannot save prompt session \"" + sanitizeUtf8(change.title) + "\": it has " +
                         std::to_string(change.document.size()) + " bytes beside its answers' tokens, expected at most " +
                         std::to_string(kMaxDocumentBytes) + " (" + formatBytes(kMaxDocumentBytes) + ").",
                     "Remove versions or turns that are not needed, or save the session as a file."};
    ORRERY_ASSIGN(Statement set, database->prepare("INSERT OR REPLACE INTO session_document VALUES(?,?,?)"));
    const std::string document = packText(change.document), words = packText(change.text);
    set.bind(1, session).bindBlob(2, document).bindBlob(3, words);
    return set.run();
}

Result<void> PromptArchive::Impl::dropAnswers(int64_t session, const std::vector<int64_t> &kept)
{
    const std::set<int64_t> wanted(kept.begin(), kept.end());
    std::vector<int64_t> gone;
    ORRERY_ASSIGN(Statement known, database->prepare("SELECT DISTINCT answer FROM answer_tokens WHERE session=?"));
    known.bind(1, session);
    while (true) {
        ORRERY_ASSIGN(const bool hasRow, known.step());
        if (!hasRow) break;
        if (!wanted.contains(known.integer(0))) gone.push_back(known.integer(0));
    }
    ORRERY_ASSIGN(Statement drop, database->prepare("DELETE FROM answer_tokens WHERE session=? AND answer=?"));
    for (const int64_t answer : gone) {
        drop.bind(1, session).bind(2, answer);
        ORRERY_TRY(drop.run());
    }
    return {};
}

/// The last piece is filled before another one is begun.
Result<void> PromptArchive::Impl::saveAnswer(int64_t session, const PromptAnswerChange &change)
{
    int64_t first = 0;
    std::vector<GeneratedToken> tokens;
    if (change.firstToken > 0) {
        ORRERY_ASSIGN(Statement last, database->prepare("SELECT first,count,data FROM answer_tokens WHERE session=? AND "
                                                        "answer=? AND first<? ORDER BY first DESC LIMIT 1"));
        last.bind(1, session).bind(2, change.answer).bind(3, change.firstToken);
        ORRERY_ASSIGN(const bool hasLast, last.step());
        // Tokens that nobody sent are missing: what is kept is not what the change goes out from.
        if (!hasLast || last.integer(0) + last.integer(1) < change.firstToken) return changedElsewhere(session);
        first = change.firstToken;
        if (last.integer(1) < static_cast<int64_t>(kPieceTokens) || last.integer(0) + last.integer(1) > first) {
            first = last.integer(0);
            ORRERY_ASSIGN(tokens, unpackTokens(last.bytes(2)));
            tokens.resize(std::min(tokens.size(), static_cast<size_t>(change.firstToken - first)));
        }
    }
    tokens.insert(tokens.end(), change.tokens.begin(), change.tokens.end());
    ORRERY_ASSIGN(Statement drop,
                  database->prepare("DELETE FROM answer_tokens WHERE session=? AND answer=? AND first>=?"));
    drop.bind(1, session).bind(2, change.answer).bind(3, first);
    ORRERY_TRY(drop.run());
    ORRERY_ASSIGN(Statement add, database->prepare("INSERT INTO answer_tokens VALUES(?,?,?,?,?)"));
    const std::span<const GeneratedToken> all(tokens);
    for (size_t at = 0; at < all.size(); at += kPieceTokens) {
        const auto piece = all.subspan(at, std::min(kPieceTokens, all.size() - at));
        const std::string data = packTokens(piece);
        add.bind(1, session).bind(2, change.answer).bind(3, first + static_cast<int64_t>(at));
        add.bind(4, std::ssize(piece)).bindBlob(5, data);
        ORRERY_TRY(add.run());
    }
    return {};
}

Result<PromptSessionRow> PromptArchive::rename(int64_t session, std::string_view title)
{
    ORRERY_ASSIGN(Statement set, m_impl->database->prepare(
                                     "UPDATE session SET has_own_title=?,title=CASE WHEN ?='' THEN first_words ELSE ? END,"
                                     "indexed_revision=-1 WHERE id=? AND deleted_us IS NULL"));
    set.bind(1, !title.empty()).bindText(2, title).bindText(3, title);
    return m_impl->change(session, set, 4);
}

Result<PromptSessionRow> PromptArchive::pin(int64_t session, bool isPinned)
{
    ORRERY_ASSIGN(Statement set, m_impl->database->prepare(
                                     "UPDATE session SET is_pinned=? WHERE id=? AND deleted_us IS NULL"));
    set.bind(1, isPinned);
    return m_impl->change(session, set, 2);
}

Result<PromptSessionRow> PromptArchive::duplicate(int64_t session, std::string_view title)
{
    Database &database = *m_impl->database;
    ORRERY_ASSIGN(Transaction writing, Transaction::begin(database, Transaction::Kind::Write));
    ORRERY_ASSIGN(const PromptSessionRow from, m_impl->row(session));
    ORRERY_ASSIGN(Statement add,
                  database.prepare("INSERT INTO session(created_us,edited_us,title,first_words,has_own_title,is_pinned,"
                                   "model,preview,num_answers,revision,indexed_revision) SELECT ?,?,?,first_words,1,0,"
                                   "model,preview,num_answers,1,0 FROM session WHERE id=?"));
    const int64_t now = nowUs();
    add.bind(1, now).bind(2, now).bindText(3, title).bind(4, from.id);
    ORRERY_TRY(add.run());
    const auto made = static_cast<int64_t>(sqlite3_last_insert_rowid(database.handle()));
    for (const char *sql : {"INSERT INTO session_document SELECT ?,data,words FROM session_document WHERE session=?",
                            "INSERT INTO answer_tokens SELECT ?,answer,first,count,data FROM answer_tokens WHERE session=?"}) {
        ORRERY_ASSIGN(Statement copy, database.prepare(sql));
        copy.bind(1, made).bind(2, session);
        ORRERY_TRY(copy.run());
    }
    ORRERY_ASSIGN(PromptSessionRow row, m_impl->row(made));
    ORRERY_TRY(writing.commit());
    return row;
}

Result<void> PromptArchive::remove(int64_t session)
{
    ORRERY_ASSIGN(Statement set, m_impl->database->prepare(
                                     "UPDATE session SET deleted_us=? WHERE id=? AND deleted_us IS NULL"));
    set.bind(1, nowUs()).bind(2, session);
    ORRERY_TRY(set.run());
    if (sqlite3_changes(m_impl->database->handle()) == 0) return notThere(session);
    return {};
}

Result<PromptSessionRow> PromptArchive::bringBack(int64_t session)
{
    ORRERY_ASSIGN(Statement set, m_impl->database->prepare("UPDATE session SET deleted_us=NULL WHERE id=?"));
    return m_impl->change(session, set, 1);
}

bool PromptArchive::isDamaged()
{
    Result<Statement> check = m_impl->database->prepare("PRAGMA quick_check(1)");
    if (!check) return check.error().code == ErrorCode::InvalidInput;
    const Result<bool> hasRow = check->step();
    if (!hasRow) return hasRow.error().code == ErrorCode::InvalidInput;
    return !*hasRow || check->text(0) != "ok";
}

Result<std::filesystem::path> putAside(const std::filesystem::path &path, int64_t wallSeconds)
{
    const auto time = static_cast<std::time_t>(wallSeconds);
    std::tm utc{};
    gmtime_r(&time, &utc);
    char stamp[32];
    std::strftime(stamp, sizeof stamp, "%Y%m%d-%H%M%S", &utc);
    std::filesystem::path target = path;
    target += std::string(".broken-") + stamp;
    std::error_code failed;
    for (int number = 2; std::filesystem::exists(target, failed); ++number)
        target = path.string() + ".broken-" + stamp + '-' + std::to_string(number);
    ORRERY_TRY(renameDurably(path, target));
    for (const char *ending : {"-wal", "-shm"}) {
        const std::filesystem::path part = path.string() + ending;
        if (std::filesystem::exists(part, failed)) ORRERY_TRY(renameDurably(part, target.string() + ending));
    }
    return target;
}

} // namespace orrery::store
