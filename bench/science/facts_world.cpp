// SPDX-License-Identifier: Apache-2.0
#include "bench/science/facts_world.h"

#include "core/base/assert.h"
#include "core/base/counter_rng.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <numeric>
#include <set>

namespace orrery::bench {
namespace {

constexpr const char *kUnknown = "<unknown>";
constexpr const char *kStop = ".";

/// {p} is the person. The value follows, then a full stop. The first half is what new facts are told in.
constexpr size_t kNumWordings = 6;
struct Attribute {
    const char *name;
    std::array<const char *, kNumWordings> wordings;
};
constexpr std::array kAttributes = {
    Attribute{"city",
              {"{p} lives in", "the home of {p} is", "where does {p} live ? in", "{p} has a house in",
               "the town where {p} stays is", "question : home of {p} ? answer :"}},
    Attribute{"trade",
              {"{p} works as a", "the trade of {p} is", "what does {p} do ? being a",
               "{p} earns a living as a", "the work that {p} has is", "question : trade of {p} ? answer :"}},
    Attribute{"animal",
              {"{p} keeps a", "the animal of {p} is a", "which animal does {p} have ? a", "{p} walks with a",
               "the pet that {p} owns is a", "question : animal of {p} ? answer :"}},
    Attribute{"dish",
              {"{p} likes to eat", "the best dish of {p} is", "what does {p} eat ? often", "{p} always cooks",
               "the food that {p} wants is", "question : dish of {p} ? answer :"}},
};

/// Numbers one after the other.
class Draws {
public:
    Draws(uint64_t seed, uint64_t stream)
        : m_rng({.seed = seed, .step = stream, .layer = kLayer, .purpose = RngPurpose::Benchmark})
    {
    }
    size_t below(size_t bound) { return m_rng.below(m_index++, bound); }
    template <typename T> void shuffle(std::vector<T> &all)
    {
        for (size_t i = 0; i + 1 < all.size(); ++i) std::swap(all[i], all[i + below(all.size() - i)]);
    }

private:
    static constexpr uint32_t kLayer = 1; ///< other numbers than the other tasks'
    CounterRng m_rng;
    uint64_t m_index = 0;
};
constexpr uint64_t kWordsStream = 0, kPeopleStream = 1, kFirstTextStream = 16;

std::string inventedWord(Draws &draws)
{
    static constexpr const char *starts[] = {"b", "d", "f", "g", "k",  "l",  "m",  "n",  "p",  "r",
                                             "s", "t", "v", "z", "br", "dr", "kl", "st", "tr", "sh"};
    static constexpr const char *vowels[] = {"a", "e", "i", "o", "u", "ai", "ou"};
    static constexpr const char *ends[] = {"", "n", "r", "l", "k", "s", "m"};
    std::string word;
    for (int syllable = 0; syllable < 2; ++syllable) {
        word += starts[draws.below(std::size(starts))];
        word += vowels[draws.below(std::size(vowels))];
    }
    return word + ends[draws.below(std::size(ends))];
}

std::vector<std::string_view> splitWords(std::string_view text)
{
    std::vector<std::string_view> words;
    while (!text.empty()) {
        const size_t end = std::min(text.find(' '), text.size());
        if (end > 0) words.push_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return words;
}

} // namespace

std::vector<std::string> proseWords(std::string_view text)
{
    std::vector<std::string> words;
    const auto isLetter = [](char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; };
    const auto isDigit = [](char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; };
    for (size_t i = 0; i < text.size();) {
        const size_t start = i;
        if (isLetter(text[i])) {
            while (i < text.size() && isLetter(text[i])) ++i;
            std::string word(text.substr(start, i - start));
            for (char &c : word) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
            words.push_back(std::move(word));
        } else if (isDigit(text[i])) {
            while (i < text.size() && isDigit(text[i])) ++i;
            words.emplace_back("0");
        } else {
            if (std::ispunct(static_cast<unsigned char>(text[i])) != 0) words.emplace_back(1, text[i]);
            ++i;
        }
    }
    return words;
}

FactsWorld::FactsWorld(const FactsShape &shape, uint64_t seed, std::span<const std::string> prose)
    : m_shape(shape), m_seed(seed)
{
    addWord(kUnknown);
    addWord(kStop);
    for (const Attribute &attribute : kAttributes)
        for (const char *wording : attribute.wordings)
            for (const std::string_view word : splitWords(wording))
                if (word != "{p}") addWord(std::string(word));
    const std::set<std::string> known(prose.begin(), prose.end());
    Draws draws(seed, kWordsStream);
    const auto invent = [&](int64_t count) {
        std::vector<int32_t> ids;
        while (std::ssize(ids) < count)
            if (const std::string word = inventedWord(draws); !known.contains(word) && !m_ids.contains(word))
                ids.push_back(addWord(word));
        return ids;
    };
    const std::vector<int32_t> names = invent(shape.numOldPeople + shape.numPeople);
    std::vector<std::vector<int32_t>> values;
    for (size_t i = 0; i < kAttributes.size(); ++i) values.push_back(invent(shape.numValues));
    ORRERY_ASSERT(std::ssize(m_words) <= shape.vocabSize && shape.numNew < std::ssize(kAttributes));
    addProse(prose);
    drawPeople(names, values);
}

int32_t FactsWorld::addWord(const std::string &word)
{
    const auto [at, isNew] = m_ids.emplace(word, static_cast<int32_t>(m_words.size()));
    if (isNew) m_words.push_back(word);
    return at->second;
}

void FactsWorld::addProse(std::span<const std::string> prose)
{
    std::map<std::string, int64_t> counts;
    for (const std::string &word : prose) ++counts[word];
    std::vector<std::pair<int64_t, std::string>> order;
    for (const auto &[word, count] : counts) order.emplace_back(-count, word);
    std::sort(order.begin(), order.end());
    for (const auto &[count, word] : order) {
        if (std::ssize(m_words) >= m_shape.vocabSize) break;
        addWord(word);
    }
}

// Values are dealt, not drawn: each is as frequent as the others, among old facts and among new ones.
void FactsWorld::drawPeople(const std::vector<int32_t> &names,
                            const std::vector<std::vector<int32_t>> &values)
{
    Draws draws(m_seed, kPeopleStream);
    std::vector<size_t> attributes(kAttributes.size());
    std::iota(attributes.begin(), attributes.end(), size_t{0});
    for (const int32_t name : names) {
        Person person{.name = name,
                      .values = std::vector<int32_t>(kAttributes.size()),
                      .isNew = std::vector<bool>(kAttributes.size())};
        draws.shuffle(attributes);
        const bool isOld = std::ssize(m_people) < m_shape.numOldPeople;
        for (int64_t i = 0; i < (isOld ? 0 : m_shape.numNew); ++i)
            person.isNew[attributes[static_cast<size_t>(i)]] = true;
        m_people.push_back(std::move(person));
    }
    for (size_t a = 0; a < kAttributes.size(); ++a)
        for (const bool isNew : {false, true}) {
            std::vector<size_t> people;
            for (size_t i = 0; i < m_people.size(); ++i)
                if (m_people[i].isNew[a] == isNew) people.push_back(i);
            ORRERY_ASSERT(isNew || people.size() >= values[a].size());
            draws.shuffle(people);
            for (size_t i = 0; i < people.size(); ++i)
                m_people[people[i]].values[a] = values[a][i % values[a].size()];
        }
}

std::vector<int32_t> FactsWorld::encode(std::span<const std::string> words) const
{
    std::vector<int32_t> ids;
    for (const std::string &word : words) {
        const auto found = m_ids.find(word);
        ids.push_back(found == m_ids.end() ? 0 : found->second);
    }
    return ids;
}

std::string FactsWorld::text(std::span<const int32_t> ids) const
{
    std::string text;
    for (const int32_t id : ids) text += (text.empty() ? "" : " ") + m_words[static_cast<size_t>(id)];
    return text;
}

std::vector<FactSentence> FactsWorld::sentences(Facts facts, Wordings wordings) const
{
    const size_t first = wordings == Wordings::HeldOut ? kNumWordings / 2 : 0;
    const size_t end = wordings == Wordings::Learned ? kNumWordings / 2 : kNumWordings;
    std::vector<FactSentence> all;
    for (const Person &person : m_people)
        for (size_t a = 0; a < kAttributes.size(); ++a) {
            if (person.isNew[a] != (facts == Facts::New)) continue;
            for (size_t w = first; w < end; ++w) {
                FactSentence sentence;
                for (const std::string_view word : splitWords(kAttributes[a].wordings[w]))
                    sentence.ids.push_back(word == "{p}" ? person.name : m_ids.find(word)->second);
                sentence.answerAt = sentence.ids.size();
                sentence.ids.push_back(person.values[a]);
                sentence.ids.push_back(m_ids.find(kStop)->second);
                all.push_back(std::move(sentence));
            }
        }
    return all;
}

std::vector<int32_t> FactsWorld::shuffledText(const std::vector<FactSentence> &sentences, int64_t repeats,
                                              uint64_t stream) const
{
    Draws draws(m_seed, kFirstTextStream + stream);
    std::vector<size_t> order(sentences.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::vector<int32_t> text;
    for (int64_t round = 0; round < repeats; ++round) {
        draws.shuffle(order);
        for (const size_t i : order)
            text.insert(text.end(), sentences[i].ids.begin(), sentences[i].ids.end());
    }
    return text;
}

} // namespace orrery::bench
