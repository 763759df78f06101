// SPDX-License-Identifier: Apache-2.0
// Private to core/store: what the parts of the archive of prompts have in common.
#pragma once

#include "core/store/prompt_archive.h"
#include "core/store/sqlite_db.h"

namespace orrery::store {

inline constexpr uint64_t kMaxDocumentBytes = uint64_t{256} << 20;
inline constexpr const char *kColumns = "id,created_us,edited_us,title,has_own_title,is_pinned,model,preview,num_answers,revision";

/// Of a row of kColumns.
PromptSessionRow rowOf(const Statement &statement);
Error notThere(int64_t session);

struct PromptArchive::Impl {
    std::unique_ptr<Database> database;
    bool hasFts = false;

    Result<PromptSessionRow> row(int64_t session);
    /// A statement whose last parameter is the session.
    Result<PromptSessionRow> change(int64_t session, Statement &statement, int parameter);
    Result<int64_t> insert(const PromptSessionChange &change, int64_t now);
    Result<void> update(const PromptSessionChange &change, int64_t now);
    Result<void> saveDocument(int64_t session, const PromptSessionChange &change);
    Result<void> dropAnswers(int64_t session, const std::vector<int64_t> &kept);
    Result<void> saveAnswer(int64_t session, const PromptAnswerChange &change);
    Result<std::string> bodyOf(int64_t session);
    Result<void> index(int64_t session);
    Result<void> forget(int64_t session);
    Result<void> forgetDeleted(int64_t beforeUs);
    /// Some that changed. @return which
    Result<std::vector<int64_t>> indexSome();
    /// @param among only these; null: all
    Result<std::vector<PromptSessionRow>> found(const std::vector<std::string> &words, const std::vector<int64_t> *among = nullptr);
};

} // namespace orrery::store
