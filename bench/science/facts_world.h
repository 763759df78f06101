// SPDX-License-Identifier: Apache-2.0
// A made-up town: people, each with a home, a trade, an animal and a dish, told in several wordings. Words
// are tokens. Most facts are old (a model is trained on all wordings of them); of each person some are new:
// they are learned later in half of the wordings and asked for in the others. Every word and every wording is
// known from old facts; only what goes with whom is new. Made from the seed alone. Any thread.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace orrery::bench {

struct FactsShape {
    int64_t numOldPeople = 200; ///< with four facts each, all of them old
    int64_t numPeople = 100;    ///< and these, of whose facts some are new
    int64_t numNew = 2;         ///< of each
    int64_t numValues = 20;     ///< of each attribute
    int64_t vocabSize = 768;    ///< what is not of the town are words of prose, the most frequent ones
};

/// "mara lives in tolbek ." ids[answerAt] is the value; a full stop follows and ends it.
struct FactSentence {
    std::vector<int32_t> ids;
    size_t answerAt = 0;
};

enum class Facts : uint8_t { Old, New };
/// Learned: those in which new facts are told. HeldOut: those in which new facts are only asked for.
enum class Wordings : uint8_t { All, Learned, HeldOut };

/// Words and single marks in lower case; numbers are one word "0".
std::vector<std::string> proseWords(std::string_view text);

class FactsWorld {
public:
    /// @param prose from which the rest of the vocabulary comes
    /// @pre numNew below 4; of each attribute at least numValues old facts; a vocabulary with room for them
    FactsWorld(const FactsShape &shape, uint64_t seed, std::span<const std::string> prose);

    [[nodiscard]] const std::vector<std::string> &words() const { return m_words; } ///< by id; 0 is unknown
    [[nodiscard]] std::vector<int32_t> encode(std::span<const std::string> words) const;
    [[nodiscard]] std::string text(std::span<const int32_t> ids) const;
    /// In a fixed order: people, attributes, wordings.
    [[nodiscard]] std::vector<FactSentence> sentences(Facts facts, Wordings wordings) const;
    /// The sentences in an order drawn anew for each of `repeats` rounds, as one text.
    [[nodiscard]] std::vector<int32_t> shuffledText(const std::vector<FactSentence> &sentences,
                                                    int64_t repeats, uint64_t stream) const;

private:
    struct Person {
        int32_t name = 0;
        std::vector<int32_t> values; ///< by attribute
        std::vector<bool> isNew;
    };
    int32_t addWord(const std::string &word);
    void addProse(std::span<const std::string> prose);
    void drawPeople(const std::vector<int32_t> &names, const std::vector<std::vector<int32_t>> &values);

    FactsShape m_shape;
    uint64_t m_seed = 0;
    std::vector<std::string> m_words;
    std::map<std::string, int32_t, std::less<>> m_ids;
    std::vector<Person> m_people;
};

} // namespace orrery::bench
