// SPDX-License-Identifier: GPL-3.0-or-later
// Text of tokens as cells: what is seen as one character, with the tokens whose bytes it is made of. Bytes of
// one character may be spread over several tokens; bytes that form no character are shown as \xNN. Appends in
// time proportional to what is appended, so that a stream of any length stays cheap. No widgets; GUI thread
// only by use.
#pragma once

#include <QString>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace orrery::ui {

enum class CellKind : uint8_t { Text, Space, Newline, Tab, InvalidByte, Control, Special };

struct Cell {
    int64_t textOffset = 0; ///< into TokenCells::text()
    int32_t length = 0;     ///< UTF-16 units
    CellKind kind = CellKind::Text;
    int32_t firstToken = -1; ///< -1: prompt, or what stands behind the tokens
    int32_t numTokens = 0;   ///< tokens that gave at least one byte
};

class TokenCells {
public:
    void clear();
    /// Bytes before the first token; whole, so that broken ends are shown at once.
    void setPrompt(std::string_view bytes);
    /// @param isSpecial the bytes are a name ("<|end_of_text|>"), shown as one chip
    void appendToken(std::string_view bytes, bool isSpecial);
    /// Bytes behind the last token, shown like the prompt; given after it and before the first token. Tokens
    /// that come move it on.
    void setSuffix(std::string_view bytes);
    /// Puts the suffix behind the tokens that came since; until then it is not there.
    void showSuffix();
    /// No token will follow: bytes that wait for the rest of their character become \xNN.
    void finish();

    [[nodiscard]] const std::vector<Cell> &cells() const { return m_cells; }
    [[nodiscard]] int32_t numTokens() const { return m_numTokens; }
    [[nodiscard]] int64_t numPromptCells() const { return m_numPromptCells; }
    [[nodiscard]] int64_t numSuffixCells() const { return m_numSuffixCells; } ///< at the end, as shown now
    /// What the cells show, without markers of newlines.
    [[nodiscard]] QStringView cellText(const Cell &cell) const
    {
        return QStringView(m_text).mid(cell.textOffset, cell.length);
    }
    /// Text of cells [first, last) as it is copied: real characters; invalid bytes as \xNN.
    [[nodiscard]] QString plainText(int64_t first, int64_t last) const;
    /// First and last cell that a token shows in; {-1, -1} while its bytes wait.
    [[nodiscard]] std::pair<int64_t, int64_t> cellsOfToken(int32_t token) const;
    /// First cell that changed since the last call: a mark that joins the character before changes that one.
    int64_t takeFirstChanged();

private:
    void hideSuffix();
    void addByte(uint8_t byte, int32_t token);
    void drain(bool isEnd);
    void addCharacter(char32_t character, int32_t firstToken, int32_t numTokens);
    void addCell(QStringView text, CellKind kind, int32_t firstToken, int32_t numTokens);
    void markToken(int32_t firstToken, int32_t numTokens, int64_t cell);

    QString m_text;
    std::vector<Cell> m_cells;
    std::vector<int64_t> m_firstCellOfToken; ///< -1 while unknown
    std::vector<uint8_t> m_waiting;          ///< bytes of a character that is not complete
    std::vector<int32_t> m_waitingTokens;    ///< their tokens
    int32_t m_numTokens = 0;
    int64_t m_numPromptCells = 0;
    QString m_suffixText;
    std::vector<Cell> m_suffixCells; ///< offsets are into m_suffixText
    int64_t m_numSuffixCells = 0;
    int64_t m_firstChanged = 0;
    char32_t m_lastCharacter = 0; ///< 0 after anything but text
};

} // namespace orrery::ui
