// SPDX-License-Identifier: Apache-2.0
// What a plugin's part keeps of a text: whoever looks at it meets the plugin's name in what goes wrong, and
// the part finds it as it made it.
#include "tests/base/check_result.h"
#include "tests/nn/model_fixtures.h"

#include "core/nn/extension_points.h"
#include "core/nn/plugin_parts.h"
#include "core/nn/torch_guard.h"
#include "core/spec/memory_origin.h"

#include <QtTest>

#include <set>

using namespace orrery;
using namespace orrery::nn;
using namespace orrery::nn::test;

namespace {

using Calls = std::set<std::string>;

/// A memory that does what it is told, or throws where `bad` says; it notes who was called.
class Notes final : public PartState, public MemoryControl, public KeepsMemoryOrigin {
public:
    Notes(std::string name, std::string bad, Calls &calls)
        : m_name(std::move(name)), m_bad(std::move(bad)), m_calls(calls)
    {
    }
    MemoryControl *memory() override
    {
        meet("memory");
        return this;
    }
    [[nodiscard]] std::shared_ptr<PartState> clone() const override
    {
        meet("clone");
        return std::make_shared<Notes>(*this);
    }
    void endText(const KvCache &cache) override
    {
        meet("endText");
        isBareInside = dynamic_cast<const Notes *>(cache.parts.at(m_name).get()) != nullptr;
    }
    Result<Consolidation> consolidate(Transformer &model, const std::vector<std::vector<int32_t>> &,
                                      const ConsolidationSettings &, const std::atomic<bool> &) override
    {
        meet("consolidate");
        // A text of its own, whose states it may cast as well.
        KvCache cache = model.makeCache(1, 4);
        ForwardContext context;
        context.cache = &cache;
        (void)model.logits(makeIds(1, 2), context);
        isBareInside = dynamic_cast<const Notes *>(cache.parts.at(m_name).get()) != nullptr;
        Consolidation outcome;
        outcome.numTexts = 7;
        return outcome;
    }
    [[nodiscard]] MemoryStatus status() const override
    {
        meet("status");
        MemoryStatus status;
        status.numUsed = numRead;
        return status;
    }
    [[nodiscard]] std::vector<MemoryEvent> listEvents() const override
    {
        meet("listEvents");
        return std::vector<MemoryEvent>(2);
    }
    Result<void> pin(int64_t, bool) override
    {
        meet("pin");
        return {};
    }
    int64_t wipe(const std::string &) override
    {
        meet("wipe");
        return 3;
    }
    [[nodiscard]] Result<void> save(const std::filesystem::path &) const override
    {
        meet("save");
        return Error{ErrorCode::Io, "Cannot save.", "Try again."};
    }
    Result<void> load(const std::filesystem::path &) override
    {
        meet("load");
        return {};
    }
    Result<int64_t> change(const MemoryEdit &) override
    {
        meet("change");
        return 4;
    }
    [[nodiscard]] std::string undoText() const override
    {
        meet("undoText");
        return "the last edit";
    }
    Result<std::vector<float>> similarity(int64_t, std::vector<int64_t> &events) const override
    {
        meet("similarity");
        events = {5};
        return std::vector<float>{1};
    }
    [[nodiscard]] const MemoryOrigin &origin() const override
    {
        meet("origin");
        return m_origin;
    }
    void setOrigin(const MemoryOrigin &origin) override
    {
        meet("setOrigin");
        m_origin = origin;
    }

    int64_t numRead = 0;
    bool isBareInside = false;

private:
    void meet(const std::string &what) const
    {
        m_calls.insert(what);
        if (m_bad == what) throw std::runtime_error(what + " is out of order");
        if (m_bad == what + " int") throw 7;
        if (m_bad == what + " memory") throw std::bad_alloc();
    }

    std::string m_name, m_bad;
    Calls &m_calls;
    MemoryOrigin m_origin;
};

/// Keeps Notes under a name. Made in the first pass, or with the text.
class NotesSource final : public AttentionSource {
public:
    struct Options {
        std::string name = "notes", bad = {};
        bool makesWithText = true;
        std::string looksFor = {}; ///< the name of somebody else's state
    };
    NotesSource(Options options, Calls &calls) : m_options(std::move(options)), m_calls(calls) {}
    at::Tensor read(const SourceInput &input, const ForwardContext &context) override
    {
        if (!context.cache) return input.local_BHTD;
        if (!context.cache->parts[m_options.name]) make(*context.cache);
        auto *own = dynamic_cast<Notes *>(context.cache->parts.at(m_options.name).get());
        TORCH_CHECK(own, "its state is somebody else's");
        own->numRead += input.q_BHTD.size(2);
        if (!m_options.looksFor.empty())
            TORCH_CHECK(!dynamic_cast<Notes *>(context.cache->parts.at(m_options.looksFor).get()),
                        "another plugin's state is bare");
        return input.local_BHTD;
    }
    [[nodiscard]] bool remembers() const override { return true; }
    void beginText(KvCache &cache, int64_t) override
    {
        if (m_options.makesWithText) make(cache);
    }

private:
    void make(KvCache &cache) const
    {
        cache.parts[m_options.name] = std::make_shared<Notes>(m_options.name, m_options.bad, m_calls);
    }
    Options m_options;
    Calls &m_calls;
};

/// As the plugin `id` registers it, in the first layer.
class Registered {
public:
    Registered(const std::string &id, NotesSource::Options options, Calls &calls) : m_id(id)
    {
        attentionSourceRegistry().add(id, [=, &calls](BuildContext &build) {
            std::unique_ptr<AttentionSource> made;
            if (build.layer == 0) made = std::make_unique<NotesSource>(options, calls);
            return guardedPart(std::move(made), PluginGuard(id));
        });
    }
    ~Registered() { attentionSourceRegistry().remove(m_id); }
    Registered(const Registered &) = delete;
    Registered &operator=(const Registered &) = delete;

private:
    std::string m_id;
};

void readTokens(Transformer &model, KvCache &cache, int64_t count)
{
    const at::NoGradGuard noGrad;
    ForwardContext context;
    context.cache = &cache;
    (void)model.logits(makeIds(1, count), context);
}

/// All that anybody may do with a state.
Result<void> useAll(Transformer &model, KvCache &cache, const std::string &name)
{
    PartState &state = *cache.parts.at(name);
    const auto copy = state.clone();
    copy->endText(cache);
    MemoryControl &memory = *state.memory();
    (void)memory.status();
    (void)memory.listEvents();
    ORRERY_TRY(memory.pin(1, true));
    (void)memory.wipe("x");
    (void)memory.save("x");
    ORRERY_TRY(memory.load("x"));
    ORRERY_TRY(memory.change({}));
    (void)memory.undoText();
    std::vector<int64_t> events;
    ORRERY_TRY(memory.similarity(1, events));
    auto &keeper = dynamic_cast<KeepsMemoryOrigin &>(memory);
    keeper.setOrigin({});
    (void)keeper.origin();
    ORRERY_TRY(state.consolidate(model, {}, {}, std::atomic<bool>(false)));
    return {};
}

const Calls kAll = {"memory",     "clone",    "endText",    "consolidate", "status",
                    "listEvents", "pin",      "wipe",       "save",        "load",
                    "change",     "undoText", "similarity", "origin",      "setOrigin"};

} // namespace

class TestPluginStates : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void failWithTheirPluginsName_data()
    {
        QTest::addColumn<QString>("bad");
        QTest::addColumn<QString>("reason");
        QTest::addColumn<int>("code");
        const int unavailable = static_cast<int>(ErrorCode::Unavailable);
        QTest::newRow("nothing goes wrong") << QString() << QString() << 0;
        for (const std::string &what : kAll) {
            const QString name = QString::fromStdString(what);
            QTest::addRow("%s throws", what.c_str())
                << name << QString("plugin \"bad\" failed: %1 is out of order").arg(name) << unavailable;
        }
        QTest::newRow("no exception class")
            << "endText int"
            << "plugin \"bad\" failed: it threw something that is no exception class" << unavailable;
        QTest::newRow("out of memory") << "clone memory"
                                       << "memory ran out" << static_cast<int>(ErrorCode::OutOfMemory);
    }
    void failWithTheirPluginsName()
    {
        QFETCH(QString, bad);
        QFETCH(QString, reason);
        QFETCH(int, code);
        Calls calls;
        const Registered part("bad", {.bad = bad.toStdString()}, calls);
        const auto model = makeModel(smallSpec());
        KvCache cache = model->makeCache(1, 12);
        readTokens(*model, cache, 3);
        const auto outcome =
            guardTorch("use what is remembered", [&] { return useAll(*model, cache, "notes"); });
        if (bad.isEmpty()) {
            VERIFY_OK(outcome);
            QVERIFY(calls == kAll);
            return;
        }
        VERIFY_ERROR(outcome, static_cast<ErrorCode>(code), reason.toUtf8().constData());
        QVERIFY(!outcome.error().hint.empty());
    }

    void giveWhatThePluginGives()
    {
        Calls calls;
        const Registered part("good", {}, calls);
        const auto model = makeModel(smallSpec());
        KvCache cache = model->makeCache(1, 12);
        readTokens(*model, cache, 3);
        PartState &state = *cache.parts.at("notes");
        MemoryControl *memory = state.memory();
        QCOMPARE(state.memory(), memory); // who looks for it compares
        QCOMPARE(memory->status().numUsed, int64_t{3});
        QCOMPARE(memory->listEvents().size(), size_t{2});
        QCOMPARE(memory->wipe("x"), int64_t{3});
        VERIFY_ERROR(memory->save("x"), ErrorCode::Io, "Cannot save. Try again.");
        QCOMPARE(*memory->change({}), int64_t{4});
        QCOMPARE(memory->undoText(), std::string("the last edit"));
        std::vector<int64_t> events;
        QCOMPARE(*memory->similarity(1, events), std::vector<float>{1});
        QCOMPARE(events, std::vector<int64_t>{5});
        auto *keeper = dynamic_cast<KeepsMemoryOrigin *>(memory);
        QVERIFY(keeper);
        keeper->setOrigin({"tokens", "run", 4});
        QCOMPARE(keeper->origin().run, std::string("run"));
        const auto consolidated = state.consolidate(*model, {}, {}, std::atomic<bool>(false));
        VERIFY_OK(consolidated);
        QCOMPARE(consolidated->numTexts, int64_t{7});
        const auto copy = state.clone();
        readTokens(*model, cache, 2);
        QCOMPARE(memory->status().numUsed, int64_t{5});
        QCOMPARE(copy->memory()->status().numUsed, int64_t{3});
    }

    void thePluginFindsThemAsItMadeThem_data()
    {
        QTest::addColumn<bool>("makesWithText");
        QTest::newRow("made with the text") << true;
        QTest::newRow("made in the first pass") << false;
    }
    void thePluginFindsThemAsItMadeThem()
    {
        QFETCH(bool, makesWithText);
        Calls calls;
        // Two plugins: neither has the other's laid bare.
        const Registered first("first", {.name = "first notes", .makesWithText = makesWithText}, calls);
        const Registered second(
            "second", {.name = "second notes", .makesWithText = makesWithText, .looksFor = "first notes"},
            calls);
        const auto model = makeModel(smallSpec());
        KvCache cache = model->makeCache(1, 12);
        for (int pass = 0; pass < 2; ++pass) {
            readTokens(*model, cache, 2); // each casts its own
            QCOMPARE(cache.parts.size(), size_t{2});
            for (const auto &[name, part] : cache.parts) {
                QVERIFY(part);
                QVERIFY(!dynamic_cast<Notes *>(part.get()));
            }
        }
        // A copy takes the place of the one that was read into, as when a text begins with a loaded memory.
        const auto before = cache.parts.at("first notes");
        cache.parts["first notes"] = before->clone();
        readTokens(*model, cache, 3);
        QCOMPARE(cache.parts.at("first notes")->memory()->status().numUsed, int64_t{7});
        QCOMPARE(before->memory()->status().numUsed, int64_t{4});
        // The same one comes back behind a pass: copies of a cache share it.
        const auto held = cache.parts.at("second notes");
        readTokens(*model, cache, 1);
        QCOMPARE(cache.parts.at("second notes"), held);
        model->beginText(cache);
        readTokens(*model, cache, 1);
        QVERIFY(!dynamic_cast<Notes *>(cache.parts.at("first notes").get()));
        QCOMPARE(cache.parts.at("first notes")->memory()->status().numUsed, int64_t{1});
    }

    void theyMayLookAtTheirOwnTexts()
    {
        Calls calls;
        std::shared_ptr<Notes> made = std::make_shared<Notes>("notes", "", calls);
        const Registered part("good", {}, calls);
        /// Puts `made` in, so that the test can ask it.
        struct Giving final : AttentionSource {
            explicit Giving(std::shared_ptr<Notes> state) : state(std::move(state)) {}
            at::Tensor read(const SourceInput &input, const ForwardContext &) override
            {
                return input.local_BHTD;
            }
            void beginText(KvCache &cache, int64_t) override { cache.parts["notes"] = state; }
            std::shared_ptr<Notes> state;
        };
        const auto giving = guardedPart(std::unique_ptr<AttentionSource>(std::make_unique<Giving>(made)),
                                        PluginGuard("good"));
        const auto model = makeModel(smallSpec());
        KvCache cache = model->makeCache(1, 12);
        giving->beginText(cache, 1);
        QVERIFY(cache.parts.at("notes") != made);
        cache.parts.at("notes")->endText(cache);
        QVERIFY(made->isBareInside);
        made->isBareInside = false;
        VERIFY_OK(cache.parts.at("notes")->consolidate(*model, {}, {}, std::atomic<bool>(false)));
        QVERIFY(made->isBareInside);
    }

    /// Of whom no plugin is: it stays what it is, whoever runs beside it.
    void othersStatesAreLeftAlone()
    {
        Calls calls;
        const Registered part("good", {}, calls);
        const auto model = makeModel(smallSpec());
        KvCache cache = model->makeCache(1, 12);
        const auto own = std::make_shared<PartState>();
        cache.parts["ours"] = own;
        cache.parts["nothing"] = nullptr;
        readTokens(*model, cache, 2);
        QCOMPARE(cache.parts.at("ours"), std::shared_ptr<PartState>(own));
        QVERIFY(!cache.parts.at("nothing"));
        QVERIFY(!own->memory());
    }
};

QTEST_GUILESS_MAIN(TestPluginStates)
#include "tst_plugin_states.moc"
