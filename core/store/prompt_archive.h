// SPDX-License-Identifier: Apache-2.0
// Prompt sessions of one user in a SQLite file (WAL): a document each, the tokens of its answers in compressed pieces, and
// a full-text index over titles and texts. What a document says is its writer's matter. Several programs may have the
// file open; an object belongs to one thread at a time.
#pragma once

#include "core/base/result.h"
#include "core/spec/generation.h"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace orrery::store {

inline constexpr int kPromptArchiveVersion = 1;

/// What a list shows of a session.
struct PromptSessionRow {
    int64_t id = 0;
    int64_t createdUs = 0, editedUs = 0; ///< Unix time in microseconds
    std::string title;
    bool hasOwnTitle = false; ///< given by a person, and not the first words
    bool isPinned = false;
    std::string model;   ///< that was asked last
    std::string preview; ///< one line
    int64_t numAnswers = 0;
    int64_t revision = 0; ///< one more with every change of the content
};

/// Tokens of an answer from one of them on; what was kept there and behind it goes.
struct PromptAnswerChange {
    int64_t answer = 0;
    int64_t firstToken = 0; ///< that many are kept already
    std::vector<GeneratedToken> tokens;
};

struct PromptSessionChange {
    int64_t id = 0;          ///< 0: a new session
    int64_t revision = 0;    ///< that this one goes out from
    std::string document;    ///< all but the tokens
    std::string title;       ///< taken unless a person gave one
    std::string model, preview;
    std::string text;        ///< what is searched beside the answers' own texts
    bool isPinned = false, hasOwnTitle = false; ///< of a new session
    int64_t createdUs = 0;                      ///< of a new session; 0: now
    int64_t editedUs = 0;                       ///< 0: now
    bool keepsTime = false;                     ///< of a session that is there: it counts as not edited
    std::vector<PromptAnswerChange> answers;
    std::vector<int64_t> keptAnswers; ///< all that the document names; others go
};

struct PromptSessionContent {
    PromptSessionRow row;
    std::string document;
    std::map<int64_t, std::vector<GeneratedToken>> answers;
    int64_t numDamaged = 0; ///< answers that cannot be read and are left out
};

/// How a text is looked for. Substrings: by an index of three letters each, or, without FTS5 or for shorter texts, by
/// reading all of them.
enum class PromptSearch : uint8_t { Indexed, Reading };

/// A part of a search: what is found, and how much is not looked at yet.
enum class PromptSearchPart : uint8_t {
    Begin, ///< in all that was taken in before, and in some more
    GoOn   ///< in some more alone
};
struct PromptSearchStep {
    std::vector<PromptSessionRow> rows;
    int64_t numUnread = 0; ///< sessions that changed and were not taken into the index yet
};

class PromptArchive {
public:
    /// Makes the file where there is none. Sessions that were deleted more than a day ago go for good.
    /// @error InvalidInput (damaged; of another program), Conflict (newer than this program: nothing is changed), NotFound
    /// (no such folder), Io
    static Result<std::unique_ptr<PromptArchive>> open(const std::filesystem::path &path,
                                                       PromptSearch search = PromptSearch::Indexed);
    ~PromptArchive();
    PromptArchive(const PromptArchive &) = delete;
    PromptArchive &operator=(const PromptArchive &) = delete;

    /// Pinned ones first, then the last edited. @param search all of these words; empty: all sessions
    Result<std::vector<PromptSessionRow>> list(std::string_view search);
    /// list() in steps, so that the newest sessions are found soon and others may ask in between.
    /// @param limit of what is taken in on the way; one session at least is
    Result<PromptSearchStep> search(std::string_view search, PromptSearchPart part, std::chrono::milliseconds limit);
    Result<PromptSessionRow> row(int64_t session);
    /// @error NotFound; Io, also of a document whose bytes are damaged
    Result<PromptSessionContent> load(int64_t session);
    /// In one transaction. @error Conflict: another program changed or deleted the session since that revision;
    /// Unavailable: another program keeps the file locked; InvalidInput: a document above 256 MiB; Io
    Result<PromptSessionRow> save(const PromptSessionChange &change);
    /// @param title empty: the first words again. @error NotFound, Io
    Result<PromptSessionRow> rename(int64_t session, std::string_view title);
    Result<PromptSessionRow> pin(int64_t session, bool isPinned);
    Result<PromptSessionRow> duplicate(int64_t session, std::string_view title);
    /// bringBack() undoes it for a day at least.
    Result<void> remove(int64_t session);
    Result<PromptSessionRow> bringBack(int64_t session);
    /// Takes some sessions that changed into the index, the last edited first, so that the next search need not. Takes some
    /// ten milliseconds; a session with a text of a megabyte alone may take a hundred. @return whether there were any
    Result<bool> indexSome();
    [[nodiscard]] bool hasIndex() const;
    /// Reads all pages of the file: after an InvalidInput, which SQLite says of more than damage.
    [[nodiscard]] bool isDamaged();

private:
    struct Impl;
    explicit PromptArchive(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> m_impl;
};

/// Renames a file that cannot be read, with what belongs to it, so that a new one can take its place.
/// @param wallSeconds of the name, Unix time  @return where it is now. @error Io
Result<std::filesystem::path> putAside(const std::filesystem::path &path, int64_t wallSeconds);

} // namespace orrery::store
