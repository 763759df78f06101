// SPDX-License-Identifier: Apache-2.0
// What a text begins with, with a model that only counts: how often it is copied, and what is said when the
// model or its memory cannot.
#include "core/infer/text_generator.h"
#include "tests/base/check_result.h"

#include <QTemporaryDir>

#include <torch/types.h>

#include <fstream>
#include <new>
#include <optional>

using namespace orrery;

namespace {

const std::atomic<bool> kNever{false};
constexpr int64_t kVocab = 272;

/// What the model does and has done.
struct Account {
    int numClones = 0;
    bool sawGradients = false;
    bool isOfOneText = false;
    bool remembers = true;
    int numCaches = 0;
    bool isOutOfMemory = false;
    std::optional<Error> loadError;
};

class CountingMemory final : public nn::PartState, public MemoryControl {
public:
    explicit CountingMemory(Account &account) : m_account(account) {}
    MemoryControl *memory() override { return this; }
    [[nodiscard]] std::shared_ptr<nn::PartState> clone() const override
    {
        if (m_account.isOfOneText) return nullptr;
        ++m_account.numClones;
        return std::make_shared<CountingMemory>(*this);
    }
    [[nodiscard]] MemoryStatus status() const override { return {}; }
    [[nodiscard]] std::vector<MemoryEvent> listEvents() const override { return {}; }
    Result<void> pin(int64_t, bool) override { return {}; }
    int64_t wipe(const std::string &source) override
    {
        wiped.push_back(source);
        return 0;
    }
    [[nodiscard]] Result<void> save(const std::filesystem::path &) const override { return {}; }
    Result<void> load(const std::filesystem::path &) override
    {
        if (m_account.loadError) return *m_account.loadError;
        return {};
    }
    std::vector<std::string> wiped;

private:
    Account &m_account;
};

class CountingModel final : public nn::Transformer {
public:
    explicit CountingModel(Account &account) : m_account(account) { m_spec.context = 16; }
    [[nodiscard]] const ModelSpec &spec() const override { return m_spec; }
    [[nodiscard]] int64_t vocabSize() const override { return kVocab; }
    [[nodiscard]] std::vector<nn::Parameter> &parameters() override { return m_parameters; }
    [[nodiscard]] uint64_t numParameters() const override { return 0; }
    at::Tensor hidden(const at::Tensor &ids_BT, const nn::ForwardContext &context) override
    {
        return logits(ids_BT, context);
    }
    at::Tensor logits(const at::Tensor &ids_BT, const nn::ForwardContext &context) override
    {
        context.cache->length += ids_BT.size(1);
        return at::zeros({1, ids_BT.size(1), kVocab});
    }
    at::Tensor loss(const at::Tensor &, const at::Tensor &, const at::Tensor &,
                    const nn::ForwardContext &) override
    {
        return at::zeros({});
    }
    [[nodiscard]] bool remembers() const override { return m_account.remembers; }
    [[nodiscard]] nn::KvCache makeCache(int64_t, int64_t) const override
    {
        if (m_account.isOutOfMemory) throw std::bad_alloc();
        ++m_account.numCaches;
        m_account.sawGradients = m_account.sawGradients || at::GradMode::is_enabled();
        nn::KvCache cache;
        beginText(cache);
        return cache;
    }
    void beginText(nn::KvCache &cache) const override
    {
        cache.origin = cache.length = 0;
        cache.parts = {{"counting", std::make_shared<CountingMemory>(m_account)}};
    }
    void mastersChanged() override {}

private:
    Account &m_account;
    ModelSpec m_spec;
    std::vector<nn::Parameter> m_parameters;
};

LoadedModel countingModel(Account &account)
{
    LoadedModel loaded;
    loaded.model = std::make_unique<CountingModel>(account);
    loaded.tokenizer = std::move(Tokenizer::create({})).value(); // a memory is told by its tokens, too
    loaded.info.name = "counter";
    return loaded;
}

/// As a request with a prompt does.
void readText(TextStream &stream, const std::string &name)
{
    const std::vector<int32_t> ids{1, 2, 3};
    stream.setSources(name, {{0, name}});
    stream.restart();
    QVERIFY(stream.advanceTo({ids}, kNever));
}

std::vector<std::string> wipedIn(const TextStream &stream)
{
    return dynamic_cast<const CountingMemory &>(*stream.memory()).wiped;
}

} // namespace

class TestStreamMemory : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void copiesOnceForEachText()
    {
        Account account;
        CountingModel model(account);
        TextStream stream(model, at::kCPU);
        VERIFY_OK(stream.loadMemory("any"));
        account.numClones = 0;
        readText(stream, "a"); // nothing was read since it was loaded
        QCOMPARE(account.numClones, 0);
        QCOMPARE(wipedIn(stream), std::vector<std::string>{"a"});
        readText(stream, "a");
        QCOMPARE(account.numClones, 1);
        QCOMPARE(wipedIn(stream), std::vector<std::string>{"a"});
        readText(stream, "b");
        QCOMPARE(account.numClones, 2); // for the name, then nothing more
        QCOMPARE(wipedIn(stream), std::vector<std::string>{"b"});
    }
    void anotherNameBeforeAnythingWasRead()
    {
        Account account;
        CountingModel model(account);
        TextStream stream(model, at::kCPU);
        VERIFY_OK(stream.loadMemory("any"));
        stream.setSources("a", {});
        stream.setSources("b", {}); // what a was left without is there again
        QCOMPARE(wipedIn(stream), std::vector<std::string>{"b"});
        stream.dropMemory();
        QVERIFY(wipedIn(stream).empty());
        account.numClones = 0;
        readText(stream, "c");
        readText(stream, "c");
        QCOMPARE(account.numClones, 0);
    }
    void refusesAMemoryOfOneText()
    {
        Account account;
        account.isOfOneText = true;
        CountingModel model(account);
        TextStream stream(model, at::kCPU);
        VERIFY_ERROR(stream.loadMemory("any"), ErrorCode::NotFound, "the model's memory is of one text only");
        readText(stream, "a");
    }
    void outOfMemoryIsAnError()
    {
        Account account;
        account.isOutOfMemory = true;
        TextGenerator generator(countingModel(account));
        VERIFY_ERROR(generator.editMemory({}), ErrorCode::OutOfMemory, "edit the memory of \"counter\"");
        VERIFY_ERROR(generator.loadMemory({}), ErrorCode::OutOfMemory, "load a memory of \"counter\"");
        VERIFY_ERROR(generator.loadMemory("any"), ErrorCode::OutOfMemory, "load a memory of \"counter\"");
        account.isOutOfMemory = false; // and it goes on
        VERIFY_OK(generator.editMemory({}));
    }
    void withoutRoomOtherAnswersAreNotKept()
    {
        Account account;
        account.remembers = false;
        LoadedModel loaded = countingModel(account);
        TextGenerator generator(std::move(loaded));
        const auto ask = [&](const std::string &prompt) {
            return generator.generate({.prompt = prompt, .sampling = {.maxTokens = 1}}, {}, kNever);
        };
        VERIFY_OK(ask("one prompt of more than sixteen"));
        VERIFY_OK(ask("two prompts of more than sixteen"));
        QCOMPARE(account.numCaches, 2); // the first one is kept
        account.isOutOfMemory = true;
        VERIFY_OK(ask("the third of more than sixteen"));
        VERIFY_OK(ask("a fourth of more than sixteen"));
        account.isOutOfMemory = false;
        VERIFY_OK(ask("what is the fifth of more than sixteen"));
        VERIFY_OK(ask("how the sixth of more than sixteen"));
        VERIFY_OK(ask("or a seventh of more than sixteen"));
        QCOMPARE(account.numCaches, 5); // none was kept any more, then three
    }
    void readsNoPrefixes()
    {
        Account account;
        LoadedModel loaded = countingModel(account);
        loaded.objective.name = "hybrid";
        TextGenerator generator(std::move(loaded));
        VERIFY_ERROR(generator.generate({.prompt = "x", .mask = "prefix"}, {}, kNever), ErrorCode::InvalidInput,
                     "it remembers events");
    }
    void needsNoGradients()
    {
        Account account;
        TextGenerator edited(countingModel(account)), loaded(countingModel(account)),
            emptied(countingModel(account));
        VERIFY_OK(edited.editMemory({}));
        VERIFY_OK(loaded.loadMemory("any"));
        VERIFY_OK(emptied.loadMemory({}));
        QVERIFY(!account.sawGradients);
        const CountingModel model(account);
        (void)model.makeCache(1, 1);
        QVERIFY(account.sawGradients); // as it is without
    }
    void onlyABrokenFileIsToBeDeleted()
    {
        QTemporaryDir folder;
        const std::filesystem::path own = folder.filePath("memory.safetensors").toStdString();
        std::ofstream(own) << "anything";
        Account account;
        LoadedModel model = countingModel(account);
        model.memoryFile = own;
        TextGenerator generator(std::move(model));
        account.loadError = Error{ErrorCode::InvalidInput, "Cannot read it: broken.", "Use another."};
        VERIFY_ERROR(generator.editMemory({}), ErrorCode::InvalidInput, "Delete it with memory wipe");
        account.loadError = Error{ErrorCode::Io, "Cannot read it: a fault.", "Check the disk."};
        VERIFY_ERROR(generator.editMemory({}), ErrorCode::Io, "Check the disk.");
        account.loadError = Error{ErrorCode::OutOfMemory, "Cannot read it: no room.", ""};
        const auto full = generator.editMemory({});
        VERIFY_ERROR(full, ErrorCode::OutOfMemory, "no room");
        QVERIFY2(!errorText(full).contains("wipe"), qPrintable(errorText(full)));
    }
};

QTEST_GUILESS_MAIN(TestStreamMemory)
#include "tst_stream_memory.moc"
