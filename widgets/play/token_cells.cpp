// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/play/token_cells.h"

#include <QChar>

#include <algorithm>
#include <array>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

/// Bytes a character needs by its first byte; 0 when no character begins with it.
int sequenceLength(uint8_t first)
{
    if (first < 0x80) return 1;
    if (first >= 0xC2 && first <= 0xDF) return 2;
    if (first >= 0xE0 && first <= 0xEF) return 3;
    if (first >= 0xF0 && first <= 0xF4) return 4;
    return 0;
}

/// Whether the second byte may follow the first: no overlong forms, surrogates or values above U+10FFFF.
bool isSecondByte(uint8_t first, uint8_t second)
{
    switch (first) {
    case 0xE0:
        return second >= 0xA0 && second <= 0xBF;
    case 0xED:
        return second >= 0x80 && second <= 0x9F;
    case 0xF0:
        return second >= 0x90 && second <= 0xBF;
    case 0xF4:
        return second >= 0x80 && second <= 0x8F;
    default:
        return second >= 0x80 && second <= 0xBF;
    }
}

char32_t decode(const uint8_t *bytes, int length)
{
    if (length == 1) return bytes[0];
    char32_t value = bytes[0] & (0xFFU >> (length + 1));
    for (int i = 1; i < length; ++i) value = (value << 6) | (bytes[i] & 0x3FU);
    return value;
}

bool joinsBefore(char32_t character)
{
    switch (QChar::category(character)) {
    case QChar::Mark_NonSpacing:
    case QChar::Mark_Enclosing:
    case QChar::Mark_SpacingCombining:
        return true;
    default:
        break;
    }
    const bool isVariation = character >= 0xFE00 && character <= 0xFE0F;
    const bool isSkinTone = character >= 0x1F3FB && character <= 0x1F3FF;
    return isVariation || isSkinTone || character == 0x200D;
}

/// Scripts whose letters take their shape from their neighbours: a word is one cell there.
bool isJoinedScript(char32_t character)
{
    const QChar::Script script = QChar::script(character);
    constexpr std::array kJoined = {
        QChar::Script_Arabic,   QChar::Script_Hebrew,    QChar::Script_Syriac,     QChar::Script_Thaana,
        QChar::Script_Nko,      QChar::Script_Mongolian, QChar::Script_Devanagari, QChar::Script_Bengali,
        QChar::Script_Gurmukhi, QChar::Script_Gujarati,  QChar::Script_Oriya,      QChar::Script_Tamil,
        QChar::Script_Telugu,   QChar::Script_Kannada,   QChar::Script_Malayalam,  QChar::Script_Sinhala,
        QChar::Script_Khmer,    QChar::Script_Myanmar,   QChar::Script_Tibetan};
    return std::find(kJoined.begin(), kJoined.end(), script) != kJoined.end();
}

/// A cell is a word at most, so that lines can break.
constexpr int kMaxJoinedUnits = 40;

QString hexText(uint8_t byte)
{
    return u"\\x"_s + QString::number(byte, 16).toUpper().rightJustified(2, u'0');
}

} // namespace

void TokenCells::clear() { *this = TokenCells(); }

void TokenCells::setPrompt(std::string_view bytes)
{
    clear();
    for (char byte : bytes) addByte(static_cast<uint8_t>(byte), -1);
    drain(true);
    m_numPromptCells = static_cast<int64_t>(m_cells.size());
    m_lastCharacter = 0; // what is generated never joins the prompt's last cell
}

void TokenCells::setSuffix(std::string_view bytes)
{
    hideSuffix();
    TokenCells alone; // what is generated never joins it
    alone.setPrompt(bytes);
    m_suffixText = std::move(alone.m_text);
    m_suffixCells = std::move(alone.m_cells);
    showSuffix();
}

void TokenCells::showSuffix()
{
    if (m_numSuffixCells > 0 || m_suffixCells.empty()) return;
    const int64_t offset = m_text.size();
    m_firstChanged = std::min(m_firstChanged, static_cast<int64_t>(m_cells.size()));
    m_cells.insert(m_cells.end(), m_suffixCells.begin(), m_suffixCells.end());
    for (auto cell = m_cells.end() - std::ssize(m_suffixCells); cell != m_cells.end(); ++cell)
        cell->textOffset += offset;
    m_text += m_suffixText;
    m_numSuffixCells = std::ssize(m_suffixCells);
}

void TokenCells::hideSuffix()
{
    if (m_numSuffixCells == 0) return;
    m_cells.resize(m_cells.size() - static_cast<size_t>(m_numSuffixCells));
    m_text.chop(m_suffixText.size());
    m_numSuffixCells = 0;
    m_firstChanged = std::min(m_firstChanged, static_cast<int64_t>(m_cells.size()));
}

void TokenCells::appendToken(std::string_view bytes, bool isSpecial)
{
    hideSuffix();
    const int32_t token = m_numTokens++;
    m_firstCellOfToken.push_back(-1);
    if (isSpecial) {
        drain(true);
        addCell(QString::fromUtf8(bytes.data(), static_cast<qsizetype>(bytes.size())), CellKind::Special,
                token, 1);
        m_lastCharacter = 0;
        return;
    }
    for (char byte : bytes) addByte(static_cast<uint8_t>(byte), token);
}

void TokenCells::finish()
{
    hideSuffix();
    drain(true);
    showSuffix();
}

void TokenCells::addByte(uint8_t byte, int32_t token)
{
    m_waiting.push_back(byte);
    m_waitingTokens.push_back(token);
    drain(false);
}

void TokenCells::drain(bool isEnd)
{
    size_t at = 0;
    while (at < m_waiting.size()) {
        const uint8_t first = m_waiting[at];
        const int needed = sequenceLength(first);
        const size_t available = m_waiting.size() - at;
        size_t good = needed > 0 ? 1 : 0; // bytes that can still become one character
        while (good > 0 && good < static_cast<size_t>(needed) && good < available &&
               (good == 1 ? isSecondByte(first, m_waiting[at + 1]) : (m_waiting[at + good] & 0xC0U) == 0x80U))
            ++good;
        if (good > 0 && good == static_cast<size_t>(needed)) {
            const int32_t firstToken = m_waitingTokens[at];
            const int32_t lastToken = m_waitingTokens[at + good - 1];
            addCharacter(decode(&m_waiting[at], needed), firstToken,
                         firstToken < 0 ? 0 : lastToken - firstToken + 1);
            at += good;
        } else if (good > 0 && good == available && !isEnd) {
            break; // the rest may come with the next token
        } else {
            const int32_t token = m_waitingTokens[at];
            addCell(hexText(first), CellKind::InvalidByte, token, token < 0 ? 0 : 1);
            m_lastCharacter = 0;
            ++at;
        }
    }
    m_waiting.erase(m_waiting.begin(), m_waiting.begin() + static_cast<std::ptrdiff_t>(at));
    m_waitingTokens.erase(m_waitingTokens.begin(), m_waitingTokens.begin() + static_cast<std::ptrdiff_t>(at));
}

void TokenCells::addCharacter(char32_t character, int32_t firstToken, int32_t numTokens)
{
    const char32_t last = m_lastCharacter;
    m_lastCharacter = character;
    if (character == U'\n') return addCell(u"\n", CellKind::Newline, firstToken, numTokens);
    if (character == U'\t') return addCell(u"\t", CellKind::Tab, firstToken, numTokens);
    if (character == U' ') return addCell(u" ", CellKind::Space, firstToken, numTokens);
    if (character < 0x20 || character == 0x7F)
        return addCell(hexText(static_cast<uint8_t>(character)), CellKind::Control, firstToken, numTokens);
    const auto units = QChar::fromUcs4(character); // no memory of its own: there are many
    const QStringView text(units);
    const bool canJoin = last != 0 && !m_cells.empty() && m_cells.back().kind == CellKind::Text &&
                         (m_cells.back().firstToken >= 0) == (firstToken >= 0) &&
                         m_cells.back().length < kMaxJoinedUnits;
    const bool joins = canJoin && (joinsBefore(character) || last == 0x200D ||
                                   (isJoinedScript(character) && isJoinedScript(last)));
    if (!joins) return addCell(text, CellKind::Text, firstToken, numTokens);
    Cell &cell = m_cells.back();
    cell.length += static_cast<int32_t>(text.size());
    if (firstToken >= 0) cell.numTokens = firstToken + numTokens - cell.firstToken;
    m_text += text;
    const auto index = static_cast<int64_t>(m_cells.size()) - 1;
    markToken(firstToken, numTokens, index);
    m_firstChanged = std::min(m_firstChanged, index);
}

void TokenCells::addCell(QStringView text, CellKind kind, int32_t firstToken, int32_t numTokens)
{
    const auto index = static_cast<int64_t>(m_cells.size());
    m_cells.push_back({m_text.size(), static_cast<int32_t>(text.size()), kind, firstToken, numTokens});
    m_text += text;
    markToken(firstToken, numTokens, index);
    m_firstChanged = std::min(m_firstChanged, index);
}

void TokenCells::markToken(int32_t firstToken, int32_t numTokens, int64_t cell)
{
    if (firstToken < 0) return;
    for (int32_t token = firstToken; token < firstToken + numTokens; ++token) {
        int64_t &known = m_firstCellOfToken[static_cast<size_t>(token)];
        if (known < 0) known = cell;
    }
}

QString TokenCells::plainText(int64_t first, int64_t last) const
{
    first = std::clamp<int64_t>(first, 0, static_cast<int64_t>(m_cells.size()));
    last = std::clamp<int64_t>(last, first, static_cast<int64_t>(m_cells.size()));
    if (first == last) return {};
    const int64_t from = m_cells[static_cast<size_t>(first)].textOffset;
    const Cell &end = m_cells[static_cast<size_t>(last - 1)];
    return m_text.mid(from, end.textOffset + end.length - from);
}

std::pair<int64_t, int64_t> TokenCells::cellsOfToken(int32_t token) const
{
    if (token < 0 || token >= m_numTokens || m_firstCellOfToken[static_cast<size_t>(token)] < 0)
        return {-1, -1};
    const int64_t first = m_firstCellOfToken[static_cast<size_t>(token)];
    int64_t last = first;
    while (last + 1 < static_cast<int64_t>(m_cells.size()) &&
           m_cells[static_cast<size_t>(last + 1)].firstToken <= token &&
           m_cells[static_cast<size_t>(last + 1)].firstToken >= 0)
        ++last;
    return {first, last};
}

int64_t TokenCells::takeFirstChanged()
{
    const int64_t changed = m_firstChanged;
    m_firstChanged = static_cast<int64_t>(m_cells.size());
    return changed;
}

} // namespace orrery::ui
