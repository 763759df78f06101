// SPDX-License-Identifier: Apache-2.0
// Training of BPE, and data that are prepared with what it made.
#include "core/data/prepare_tokenizer.h"
#include "core/data/tokenizer/bpe_trainer.h"
#include "core/spec/estimate.h"
#include "data_fixture.h"

#include <nlohmann/json.hpp>

#include <map>

using namespace orrery;

namespace {

/// Words of few letters, drawn so that some pairs are common.
std::string proseOf(size_t numWords)
{
    std::string text;
    uint64_t state = 1;
    const auto draw = [&](uint64_t bound) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        return (state >> 33) % bound;
    };
    for (size_t i = 0; i < numWords; ++i) {
        const uint64_t length = 1 + draw(7);
        for (uint64_t k = 0; k < length; ++k) text += static_cast<char>('a' + draw(1 + draw(20)));
        text += draw(12) == 0 ? "\n" : " ";
        if (draw(40) == 0) text += "Größe 漢字 12345 \xFF ";
    }
    return text + "\n";
}

tok::BpeTraining trainingOf(const std::string &text, int64_t vocabSize, int threads = 1,
                            size_t pieceBytes = 1000)
{
    tok::BpeTraining training;
    training.vocabSize = vocabSize;
    training.threads = threads;
    training.next = [&text, pieceBytes, at = size_t{0}]() mutable -> Result<std::string> {
        const std::string_view rest = std::string_view(text).substr(at);
        size_t count = rest.size() > pieceBytes ? tok::safeCut(rest.substr(0, pieceBytes)) : rest.size();
        if (count == 0) count = rest.size();
        at += count;
        return std::string(rest.substr(0, count));
    };
    return training;
}

std::vector<std::string> mergesOf(const std::string &json)
{
    return nlohmann::json::parse(json)["model"]["merges"].get<std::vector<std::string>>();
}

} // namespace

class TestBpeTrainer : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void joinsTheCommonestPairFirst()
    {
        // " ab" 3 times, " abc" 2: a+b stands there 5 times, " "+ab then, too; " ab"+c twice.
        const std::string text = "x ab ab ab abc abc\n";
        const auto trained = tok::trainBpe(trainingOf(text, 256 + 16 + 10));
        VERIFY_OK(trained);
        // Of " "+a (5) and a+b (5) the one with the smaller left id comes first: 32 < 97.
        QCOMPARE(mergesOf(trained->json), (std::vector<std::string>{"Ġ a", "Ġa b", "Ġab c"}));
        QCOMPARE(trained->numMerges, int64_t(3)); // no other pair stands there twice
        QCOMPARE(trained->vocabSize, int64_t(256 + 3 + 16));
    }

    void agreesWithCountingAnew()
    {
        // The slow, obviously right way: count all pairs of all words again after each merge.
        constexpr size_t kNumMerges = 60;
        std::string text;
        for (const char c : proseOf(3000))
            if ((c >= 'a' && c <= 'z') || (c == ' ' && !text.ends_with(' '))) text += c;
        const auto trained = tok::trainBpe(trainingOf(text, 256 + 16 + kNumMerges, 1, text.size()));
        VERIFY_OK(trained);
        const auto model = nlohmann::json::parse(trained->json)["model"];
        std::vector<std::vector<int32_t>> words(1);
        for (const char c : text) {
            if (c == ' ') words.emplace_back();
            words.back().push_back(c);
        }
        for (size_t k = 0; k < kNumMerges; ++k) {
            std::map<std::pair<int32_t, int32_t>, int64_t> counts;
            for (const auto &ids : words)
                for (size_t i = 0; i + 1 < ids.size(); ++i) ++counts[{ids[i], ids[i + 1]}];
            const auto best =
                std::max_element(counts.begin(), counts.end(), [](const auto &a, const auto &b) {
                    return a.second < b.second; // the first of equals: the smallest pair
                });
            const std::string merge = model["merges"][k];
            const size_t space = merge.find(' ');
            QCOMPARE(model["vocab"][merge.substr(0, space)].get<int32_t>(), best->first.first);
            QCOMPARE(model["vocab"][merge.substr(space + 1)].get<int32_t>(), best->first.second);
            for (auto &ids : words) {
                std::vector<int32_t> next;
                for (size_t i = 0; i < ids.size(); ++i) {
                    const bool joins = i + 1 < ids.size() && std::pair(ids[i], ids[i + 1]) == best->first;
                    next.push_back(joins ? static_cast<int32_t>(256 + k) : ids[i]);
                    i += joins ? 1 : 0;
                }
                ids = next;
            }
        }
    }

    void doesNotDependOnThreadsAndPieces()
    {
        const std::string text = proseOf(20'000);
        const auto one = tok::trainBpe(trainingOf(text, 600, 1));
        VERIFY_OK(one);
        for (const int threads : {2, 3, 8})
            QCOMPARE(tok::trainBpe(trainingOf(text, 600, threads, 500)).value().json, one->json);
        QCOMPARE(tok::trainBpe(trainingOf(text, 600, 2, 1 << 20)).value().json, one->json);
    }

    void makesATokenizerThatGivesTheTextBack()
    {
        const std::string text = proseOf(5000);
        const auto trained = tok::trainBpe(trainingOf(text, 500));
        VERIFY_OK(trained);
        const auto tokenizer = Tokenizer::fromJson(trained->json, "t.json");
        VERIFY_OK(tokenizer);
        QCOMPARE((*tokenizer)->vocabSize(), int64_t(500));
        QVERIFY((*tokenizer)->hasSpecials());
        QCOMPARE((*tokenizer)->specialId(SpecialToken::EndOfText), std::optional<int32_t>(484));
        QCOMPARE((*tokenizer)->tokenBytes(499), std::string("<|reserved_271|>"));
        std::vector<int32_t> ids;
        VERIFY_OK((*tokenizer)->encode(text, ids));
        QCOMPARE((*tokenizer)->decode(ids), text);
        QVERIFY(ids.size() < text.size() * 2 / 3);
    }

    void refusesAndStops()
    {
        const std::string text = proseOf(100);
        VERIFY_ERROR(tok::trainBpe(trainingOf(text, 271)), ErrorCode::InvalidInput,
                     "data.vocab_size is 271, expected 272 to 1048576");
        VERIFY_ERROR(tok::trainBpe(trainingOf(text, 2'000'000)), ErrorCode::InvalidInput, "2000000");
        auto stopped = trainingOf(text, 400);
        const std::atomic<bool> cancel = true;
        stopped.cancel = &cancel;
        VERIFY_ERROR(tok::trainBpe(stopped), ErrorCode::Cancelled, "it was stopped");
        auto broken = trainingOf(text, 400, 2);
        broken.next = []() -> Result<std::string> { return Error{ErrorCode::Io, "disk", "hint"}; };
        VERIFY_ERROR(tok::trainBpe(broken), ErrorCode::Io, "disk");
        std::vector<double> shares;
        auto told = trainingOf(text, 300);
        told.progress = [&](double share) { shares.push_back(share); };
        VERIFY_OK(tok::trainBpe(told));
        QVERIFY(std::is_sorted(shares.begin(), shares.end()) && shares.back() == 1);
    }

    void preparesDataWithIt()
    {
        const DataFixture files;
        const std::string text = proseOf(30'000);
        DataSpec data = DataFixture::spec(files.write("text.txt", text));
        data.tokenizer = "bpe";
        data.vocabSize = 512;
        const auto shards = files.prepare(data);
        VERIFY_OK(shards);
        const auto again = files.prepare(data);
        QCOMPARE(again->key(), shards->key());
        const auto found =
            withTrainedTokenizer({.data = data, .context = 16, .seed = 1, .cacheDirectory = files.cache()});
        VERIFY_OK(found);
        const auto tokenizer = Tokenizer::create(*found);
        VERIFY_OK(tokenizer);
        DataSpec bytes = data;
        bytes.tokenizer = "bytes";
        bytes.vocabSize = 0;
        const auto plain = files.prepare(bytes, 64); // the same splits, byte by byte
        VERIFY_OK(plain);
        for (const Split split : {Split::Train, Split::Validation}) {
            const std::vector<int32_t> ids = tokensOf(*shards, split), wanted = tokensOf(*plain, split);
            QCOMPARE((*tokenizer)->decode(ids), std::string(wanted.begin(), wanted.end()));
            QCOMPARE(shards->numBytes(split), uint64_t(wanted.size()));
            QVERIFY(ids.size() < wanted.size());
        }
    }

    void rendersConversationsWithItsOwnIds()
    {
        const DataFixture files;
        std::string lines;
        for (int i = 0; i < 60; ++i) {
            const std::string number = std::to_string(i);
            const nlohmann::json turns = {
                {{"role", "user"}, {"content", "how many are there of them " + number}},
                {{"role", "assistant"}, {"content", number + " of them <|user|>"}}};
            lines += nlohmann::json({{"messages", turns}}).dump() + "\n";
        }
        DataSpec data = DataFixture::spec(files.write("chat.jsonl", lines));
        data.tokenizer = "bpe";
        data.vocabSize = 320;
        const auto shards = files.prepare(data);
        VERIFY_OK(shards);
        const auto tokenizer = Tokenizer::create(
            withTrainedTokenizer({.data = data, .context = 16, .seed = 1, .cacheDirectory = files.cache()})
                .value());
        VERIFY_OK(tokenizer);
        const auto ids = tokensOf(*shards, Split::Train);
        const auto masks = masksOf(*shards, Split::Train);
        const int32_t user = (*tokenizer)->specialId(SpecialToken::User).value();
        const int32_t end = (*tokenizer)->specialId(SpecialToken::EndOfText).value();
        // One for each turn: the name in the text is text.
        QCOMPARE(std::count(ids.begin(), ids.end(), user), std::count(ids.begin(), ids.end(), end));
        QVERIFY(shards->hasMask());
        for (size_t i = 0; i < ids.size(); ++i)
            if (ids[i] == user) QCOMPARE(int(masks[i]), 0);
        QVERIFY(std::count(masks.begin(), masks.end(), 1) > 0);
        // GPT-2's tokenizer has no roles.
        data.tokenizer = QFINDTESTDATA("tokenizer/gpt2.json").toStdString();
        data.vocabSize = 0;
        VERIFY_ERROR(files.prepare(data), ErrorCode::InvalidInput, "messages need role tokens");
    }

    void keepsTheTokenizerOfARun()
    {
        const DataFixture files;
        DataSpec data = DataFixture::spec(files.write("text.txt", proseOf(20'000)));
        data.tokenizer = "bpe";
        data.vocabSize = 400;
        const auto run = files.path("run");
        std::filesystem::create_directories(run);
        const TokenizerPreparation preparation{
            .data = data, .context = 16, .seed = 1, .cacheDirectory = files.cache()};
        QCOMPARE(withSavedTokenizer(data, run).tokenizer, std::string("bpe")); // nothing there yet
        const auto saved = ensureSavedTokenizer(preparation, run);
        VERIFY_OK(saved);
        QCOMPARE(saved->tokenizer, (run / "tokenizer.json").string());
        const std::string before = readRaw(run / "tokenizer.json");
        files.write("text.txt", proseOf(9'000)); // other data now: the run's own tokenizer stays
        QCOMPARE(ensureSavedTokenizer(preparation, run)->tokenizer, saved->tokenizer);
        QCOMPARE(readRaw(run / "tokenizer.json"), before);
        DataSpec bytes = data;
        bytes.tokenizer = "bytes";
        QCOMPARE(withSavedTokenizer(bytes, run).tokenizer, std::string("bytes"));
    }

    void refusesDataThatItCannotTrainOn()
    {
        const DataFixture files;
        DataSpec data =
            DataFixture::spec(files.write("ids.jsonl", "{\"tokens\":[1,2,3]}\n{\"tokens\":[4]}\n"));
        data.tokenizer = "bpe";
        VERIFY_ERROR(files.prepare(data), ErrorCode::InvalidInput, "it holds ids, and data.tokenizer is bpe");
        data.path = "gen:shapes";
        VERIFY_ERROR(files.prepare(data), ErrorCode::InvalidInput,
                     "it is no text, and data.tokenizer is bpe");
        data = DataFixture::spec(files.write("short.txt", "a few words\n"));
        data.tokenizer = "bpe";
        VERIFY_ERROR(files.prepare(data), ErrorCode::InvalidInput, "below two contexts");
    }

    void isEstimatedWithItsVocabulary()
    {
        DataSpec data;
        data.tokenizer = "bpe";
        QCOMPARE(byteVocabSize(data), tok::kDefaultBpeVocabulary);
    }
};

QTEST_APPLESS_MAIN(TestBpeTrainer)
#include "tst_bpe_trainer.moc"
