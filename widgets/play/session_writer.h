// SPDX-License-Identifier: GPL-3.0-or-later
// Finds out what of a session is not kept yet, so that a long answer costs its new tokens and not all of itself. GUI thread
// only by use.
#pragma once

#include "widgets/play/session_document.h"

#include <unordered_map>

namespace orrery::ui {

class SessionWriter {
public:
    /// Tokens that one change has at most, so that the window goes on.
    static constexpr qint64 kMaxTokens = 4096;

    /// Of a new session: nothing is kept.
    void beginNew();
    /// All of it is kept: it was just read.
    void begin(const SessionState &state);
    /// What was told to be kept is not: the next changes have all of it.
    void forgetKept();
    /// Without id and revision. Counts as kept from now on. Gives keys to versions that have none.
    SessionChange changeOf(const SessionState &state);
    /// The last change did not have all tokens.
    [[nodiscard]] bool isMore() const { return m_isMore; }

private:
    struct Kept {
        qint64 numTokens = 0;
        bool isInParts = false; ///< the change before did not have room for the rest
        bool wasChosen = false; ///< by a person, who may have put other tokens in the place of some
        bool isMet = false;     ///< in the session as it is now
        std::size_t mark = 0;   ///< of what the document says of it
        QJsonObject json = {};
    };
    void addTokens(const GenerationVersion &version, Kept &kept, qint64 &room, SessionChange &change);
    [[nodiscard]] QJsonObject jsonOf(const GenerationVersion &version);

    std::unordered_map<qint64, Kept> m_kept; ///< by key
    qint64 m_nextKey = 1;
    bool m_isMore = false;
};

} // namespace orrery::ui
