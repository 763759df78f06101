// SPDX-License-Identifier: Apache-2.0
#include "core/infer/answer_gate.h"

#include <utility>

namespace orrery {

namespace {

/// Nothing for a tokenizer that cannot spell just these bytes, such as one that puts a space before a text.
std::vector<int32_t> piecesOf(const Tokenizer &tokenizer, const std::string &bytes)
{
    std::vector<int32_t> pieces;
    if (!tokenizer.encode(bytes, pieces).ok()) return {};
    std::string spelt;
    for (const int32_t id : pieces) spelt += tokenizer.tokenBytes(id);
    return spelt == bytes ? pieces : std::vector<int32_t>();
}

} // namespace

void AnswerGate::begin(std::string_view bytes)
{
    for (const char byte : bytes) m_matcher.read(byte);
    m_numBytes += std::ssize(bytes);
}

AnswerGate::Next AnswerGate::take(GeneratedToken token)
{
    int64_t at = m_numBytes;
    m_numBytes += std::ssize(token.bytes);
    m_ids.push_back(token.id);
    m_held.push_back({std::move(token), m_numBytes});
    for (const char byte : m_held.back().token.bytes) {
        ++at;
        if (const size_t length = m_matcher.read(byte); length > 0)
            return endAt(at - static_cast<int64_t>(length));
    }
    const int64_t decided = m_numBytes - static_cast<int64_t>(m_matcher.numOpen());
    return passUpTo(decided) ? Next::GoOn : Next::Refused;
}

bool AnswerGate::flush() { return passUpTo(m_numBytes); }

bool AnswerGate::pass(const GeneratedToken &token)
{
    ++m_numPassed;
    return !m_onToken || m_onToken(token);
}

bool AnswerGate::passUpTo(int64_t count)
{
    while (!m_held.empty() && m_held.front().end <= count) {
        const GeneratedToken token = std::move(m_held.front().token);
        m_held.pop_front();
        if (!pass(token)) return false;
    }
    return true;
}

AnswerGate::Next AnswerGate::endAt(int64_t count)
{
    if (!passUpTo(count)) return Next::Refused;
    // What is left holds the stop text: it begins in the first of these, or in front of it, where the answer
    // was told to begin.
    m_ids.resize(m_ids.size() - m_held.size());
    GeneratedToken cut = std::move(m_held.front().token);
    const int64_t numKept = count - (m_held.front().end - std::ssize(cut.bytes));
    m_held.clear();
    if (numKept <= 0) return Next::StopText;
    bool isSaid = false;
    const std::string kept = cut.bytes.substr(0, static_cast<size_t>(numKept));
    for (const int32_t id : piecesOf(m_tokenizer, kept)) {
        m_ids.push_back(id);
        cut.id = id;
        cut.bytes = m_tokenizer.tokenBytes(id);
        if (!pass(cut)) return Next::Refused;
        cut = GeneratedToken{.probability = 1, .chance = 1};
        isSaid = true;
    }
    if (isSaid) return Next::StopText;
    cut.bytes = kept;
    return pass(cut) ? Next::StopText : Next::Refused;
}

} // namespace orrery
