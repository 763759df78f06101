// SPDX-License-Identifier: Apache-2.0
// Lists of sessions, and the texts in which they are searched.
#include "core/store/prompt_archive_impl.h"

#include "core/store/prompt_schema.h"
#include "core/store/prompt_tokens.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace orrery::store {

namespace {

/// Of one session; what stands behind that is not found.
constexpr size_t kMaxSearchedBytes = size_t{1} << 20;
constexpr int64_t kIndexedAtOnce = 20;
constexpr auto kIndexTime = std::chrono::milliseconds(50); // after which a step takes no further session
constexpr size_t kLeastIndexed = 3; ///< letters of a word that the index can find

/// A whole prompt that is pasted is found by its beginning: SQLite takes no expression of a thousand conditions.
constexpr size_t kMostWords = 32;
constexpr size_t kMostWordBytes = 256; // and no pattern of 50,000

/// At the border of a letter in UTF-8.
void cutWord(std::string &word)
{
    if (word.size() <= kMostWordBytes) return;
    size_t end = kMostWordBytes;
    while (end > 0 && (static_cast<unsigned char>(word[end]) & 0xC0U) == 0x80U) --end;
    word.resize(end > 0 ? end : kMostWordBytes);
}

std::vector<std::string> wordsOf(std::string_view search)
{
    std::vector<std::string> words;
    std::string word;
    for (const char byte : search) {
        if (static_cast<unsigned char>(byte) > ' ')
            word += byte;
        else if (!word.empty())
            words.push_back(std::exchange(word, {}));
    }
    if (!word.empty()) words.push_back(word);
    if (words.size() > kMostWords) words.resize(kMostWords);
    for (std::string &one : words) cutWord(one);
    return words;
}

size_t numLetters(std::string_view text)
{
    return static_cast<size_t>(
        std::count_if(text.begin(), text.end(), [](char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U; }));
}

/// A text that is looked for as it stands.
std::string quoted(const std::string &word)
{
    std::string text = "\"";
    for (const char byte : word) text += byte == '"' ? std::string("\"\"") : std::string(1, byte);
    return text + '"';
}

std::string pattern(const std::string &word)
{
    std::string text = "%";
    for (const char byte : word) {
        if (byte == '%' || byte == '_' || byte == '\\') text += '\\';
        text += byte;
    }
    return text + '%';
}

/// A few hundred at most.
std::string listOf(const std::vector<int64_t> &ids)
{
    std::string list;
    for (const int64_t id : ids) list += (list.empty() ? "" : ",") + std::to_string(id);
    return '(' + list + ')';
}

} // namespace

Result<std::vector<PromptSessionRow>> PromptArchive::list(std::string_view search)
{
    const std::vector<std::string> words = wordsOf(search);
    if (!words.empty()) {
        for (bool isMore = true; isMore;) {
            ORRERY_ASSIGN(isMore, indexSome());
        }
    }
    return m_impl->found(words);
}

Result<PromptSearchStep> PromptArchive::search(std::string_view search, PromptSearchPart part, std::chrono::milliseconds limit)
{
    const std::vector<std::string> words = wordsOf(search);
    PromptSearchStep step;
    std::vector<int64_t> taken;
    const auto until = std::chrono::steady_clock::now() + limit;
    for (bool isMore = !words.empty(); isMore;) {
        ORRERY_ASSIGN(const std::vector<int64_t> some, m_impl->indexSome());
        taken.insert(taken.end(), some.begin(), some.end());
        isMore = !some.empty() && std::chrono::steady_clock::now() < until;
    }
    ORRERY_ASSIGN(step.rows, m_impl->found(words, part == PromptSearchPart::GoOn ? &taken : nullptr));
    if (words.empty()) return step;
    ORRERY_ASSIGN(step.numUnread, m_impl->database->queryInteger("SELECT count(*) FROM session WHERE deleted_us IS NULL AND "
                                                                 "indexed_revision<>revision"));
    return step;
}

Result<std::vector<PromptSessionRow>> PromptArchive::Impl::found(const std::vector<std::string> &words,
                                                                 const std::vector<int64_t> *among)
{
    std::string sql = std::string("SELECT ") + kColumns + " FROM session WHERE deleted_us IS NULL";
    std::vector<std::string> values;
    const bool isIndexed = hasFts && std::all_of(words.begin(), words.end(), [](const std::string &word) {
        return numLetters(word) >= kLeastIndexed;
    });
    if (!words.empty() && isIndexed) {
        std::string query;
        for (const std::string &word : words) query += (query.empty() ? "" : " AND ") + quoted(word);
        sql += " AND id IN (SELECT rowid FROM session_search WHERE session_search MATCH ?)";
        values.push_back(query);
    } else {
        for (const std::string &word : words) {
            sql += " AND id IN (SELECT id FROM session_text WHERE " + (among ? "id IN " + listOf(*among) + " AND " : "") +
                   "(title LIKE ? ESCAPE '\\' OR body LIKE ? ESCAPE '\\'))";
            values.insert(values.end(), 2, pattern(word));
        }
    }
    if (among) sql += " AND id IN " + listOf(*among);
    // What has been written since its text was read may say something else by now: it is found when it has been read again.
    if (!words.empty()) sql += " AND indexed_revision=revision";
    ORRERY_ASSIGN(Statement select, database->prepare((sql + " ORDER BY is_pinned DESC,edited_us DESC,id DESC").c_str()));
    for (size_t i = 0; i < values.size(); ++i) select.bindText(static_cast<int>(i) + 1, values[i]);
    std::vector<PromptSessionRow> rows;
    while (true) {
        ORRERY_ASSIGN(const bool hasRow, select.step());
        if (!hasRow) return rows;
        rows.push_back(rowOf(select));
    }
}

Result<bool> PromptArchive::indexSome()
{
    ORRERY_ASSIGN(const std::vector<int64_t> taken, m_impl->indexSome());
    return !taken.empty();
}

Result<std::vector<int64_t>> PromptArchive::Impl::indexSome()
{
    std::vector<int64_t> stale;
    {
        ORRERY_ASSIGN(Statement select, database->prepare("SELECT id FROM session WHERE deleted_us IS NULL AND "
                                                          "indexed_revision<>revision ORDER BY edited_us DESC,id DESC LIMIT ?"));
        select.bind(1, kIndexedAtOnce);
        while (true) {
            ORRERY_ASSIGN(const bool hasRow, select.step());
            if (!hasRow) break;
            stale.push_back(select.integer(0));
        }
    }
    if (stale.empty()) return stale;
    ORRERY_ASSIGN(Transaction writing, Transaction::begin(*database, Transaction::Kind::Write));
    const auto until = std::chrono::steady_clock::now() + kIndexTime;
    size_t numTaken = 0;
    while (numTaken < stale.size() && (numTaken == 0 || std::chrono::steady_clock::now() < until))
        ORRERY_TRY(index(stale[numTaken++]));
    ORRERY_TRY(writing.commit());
    stale.resize(numTaken);
    return stale;
}

/// What cannot be unpacked is left out: one damaged text would keep all others from being found.
Result<std::string> PromptArchive::Impl::bodyOf(int64_t session)
{
    ORRERY_ASSIGN(Statement document, database->prepare("SELECT words FROM session_document WHERE session=?"));
    document.bind(1, session);
    ORRERY_ASSIGN(const bool hasDocument, document.step());
    std::string body;
    if (hasDocument) {
        if (Result<std::string> words = unpackText(document.bytes(0), kMaxDocumentBytes)) body = std::move(*words);
    }
    ORRERY_ASSIGN(Statement pieces, database->prepare("SELECT first,data FROM answer_tokens WHERE session=? ORDER BY "
                                                      "answer,first"));
    pieces.bind(1, session);
    while (body.size() < kMaxSearchedBytes) {
        ORRERY_ASSIGN(const bool hasPiece, pieces.step());
        if (!hasPiece) break;
        if (pieces.integer(0) == 0) body += '\n';
        const auto tokens = unpackTokens(pieces.bytes(1));
        if (!tokens) continue;
        for (const GeneratedToken &token : *tokens) body += token.bytes;
    }
    body.resize(std::min(body.size(), kMaxSearchedBytes));
    std::replace(body.begin(), body.end(), '\0', ' '); // SQLite ends a text there
    return body;
}

Result<void> PromptArchive::Impl::index(int64_t session)
{
    auto known = row(session);
    if (!known) return known.error().code == ErrorCode::NotFound ? Result<void>() : known.error(); // deleted meanwhile
    ORRERY_ASSIGN(const std::string body, bodyOf(session));
    ORRERY_TRY(forget(session));
    ORRERY_ASSIGN(Statement add, database->prepare("INSERT INTO session_text VALUES(?,?,?)"));
    add.bind(1, session).bindText(2, known->title).bindText(3, body);
    ORRERY_TRY(add.run());
    if (hasFts) {
        ORRERY_ASSIGN(Statement note, database->prepare("INSERT INTO session_search(rowid,title,body) VALUES(?,?,?)"));
        note.bind(1, session).bindText(2, known->title).bindText(3, body);
        ORRERY_TRY(note.run());
    } else {
        ORRERY_TRY(noteSearchStale(*database));
    }
    ORRERY_ASSIGN(Statement done, database->prepare("UPDATE session SET indexed_revision=revision WHERE id=?"));
    done.bind(1, session);
    return done.run();
}

/// Its text, and what the index has of it: FTS5 has to be told what it had been given.
Result<void> PromptArchive::Impl::forget(int64_t session)
{
    if (hasFts) {
        ORRERY_ASSIGN(Statement drop, database->prepare("INSERT INTO session_search(session_search,rowid,title,body) "
                                                        "SELECT 'delete',id,title,body FROM session_text WHERE id=?"));
        drop.bind(1, session);
        ORRERY_TRY(drop.run());
    } else {
        ORRERY_TRY(noteSearchStale(*database));
    }
    ORRERY_ASSIGN(Statement drop, database->prepare("DELETE FROM session_text WHERE id=?"));
    drop.bind(1, session);
    return drop.run();
}

Result<void> PromptArchive::Impl::forgetDeleted(int64_t beforeUs)
{
    std::vector<int64_t> gone;
    {
        ORRERY_ASSIGN(Statement deleted, database->prepare("SELECT id FROM session WHERE deleted_us<?"));
        deleted.bind(1, beforeUs);
        while (true) {
            ORRERY_ASSIGN(const bool hasRow, deleted.step());
            if (!hasRow) break;
            gone.push_back(deleted.integer(0));
        }
    }
    if (gone.empty()) return {};
    ORRERY_ASSIGN(Transaction writing, Transaction::begin(*database, Transaction::Kind::Write));
    for (const int64_t session : gone) {
        ORRERY_TRY(forget(session));
        for (const char *sql : {"DELETE FROM answer_tokens WHERE session=?", "DELETE FROM session_document WHERE session=?",
                                "DELETE FROM session WHERE id=?"}) {
            ORRERY_ASSIGN(Statement drop, database->prepare(sql));
            drop.bind(1, session);
            ORRERY_TRY(drop.run());
        }
    }
    return writing.commit();
}

} // namespace orrery::store
