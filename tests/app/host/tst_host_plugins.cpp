// SPDX-License-Identifier: Apache-2.0
// Plugins as a host lists them, and runs that a host makes with them.
#include "app/engine/host/plugin_trials.h"
#include "tests/app/host/host_fixture.h"
#include "tests/base/check_result.h"
#include "tests/plugin/plugin_fixture.h"

#include "core/spec/field_table.h"

using namespace Qt::StringLiterals;
using namespace orrery;
using namespace orrery::test;

class TestHostPlugins : public QObject {
    Q_OBJECT

    std::unique_ptr<HostFixture> m_host;
    std::unique_ptr<PluginFolder> m_folder;

    static const PluginInfo *find(const PluginListing &listing, const std::string &id)
    {
        for (const PluginInfo &plugin : listing.plugins)
            if (plugin.id == id) return &plugin;
        return nullptr;
    }
    void addRelu(const QByteArray &version = "1.0.0") const
    {
        QByteArray manifest =
            manifestOf("relu", R"("provides":[{"point":"FeedForward","name":"relu_test"}],)"
                               R"("settings":[{"key":"scale","label":"Scale","type":"real","default":1,)"
                               R"("maximum":10,"effect":"Multiplies."}])");
        m_folder->addAs("relu", manifest.replace("1.0.0", version));
    }
    [[nodiscard]] std::string spec(const std::string &more) const
    {
        std::string json = m_host->specJson();
        json.pop_back();
        return json + "," + more + "}";
    }

private Q_SLOTS:
    void init()
    {
        m_host = std::make_unique<HostFixture>();
        m_folder = std::make_unique<PluginFolder>();
        qputenv(kPluginPathVariable, m_folder->path().toUtf8());
    }
    void cleanup()
    {
        m_host.reset();
        m_folder.reset();
        qunsetenv(kPluginPathVariable);
    }

    void listsWhatIsThereNow()
    {
        m_host->start();
        const EngineClient client = m_host->client();
        auto listing = client.listPlugins();
        VERIFY_OK(listing);
        QVERIFY(!find(*listing, "relu") && listing->problems.empty());
        addRelu(); // installed while the host runs
        m_folder->addAs("broken", "{");
        listing = client.listPlugins();
        VERIFY_OK(listing);
        const PluginInfo *relu = find(*listing, "relu");
        QVERIFY(relu && relu->isUsable() && relu->settings.size() == 1);
        QVERIFY(find(*listing, "broken")->state == PluginState::Refused);
        // Also those in the home that the host serves.
        std::filesystem::create_directories(m_host->home() / "plugins" / "mine");
        std::filesystem::permissions(m_host->home() / "plugins", std::filesystem::perms(0755));
        listing = client.listPlugins();
        QVERIFY(find(*listing, "mine"));
        m_folder->setMode(QString(), 0777);
        listing = client.listPlugins();
        QVERIFY(find(*listing, "relu")->reason.starts_with("Cannot trust "));
        QCOMPARE(listing->problems.size(), size_t{1});
    }
    /// Each is tried once, by a worker; what it does not live through stands in the list, and what requires it.
    void listsWhatFallsOverWhenItIsTried()
    {
        const auto tried = [this] {
            const auto said = readFile(m_host->home() / "tried", 1 << 20);
            return said ? QString::fromStdString(*said).split(u'\n', Qt::SkipEmptyParts) : QStringList();
        };
        addRelu();
        m_folder->add("throws");
        m_folder->add("behind", R"("requires":[{"id":"throws"}])");
        m_host->start();
        auto listing = m_host->client().listPlugins();
        VERIFY_OK(listing);
        QVERIFY(find(*listing, "relu")->isUsable() && listing->problems.empty());
        const PluginInfo *bad = find(*listing, "throws");
        QVERIFY(bad->state == PluginState::Refused);
        QCOMPARE(qtext(bad->reason), u"Cannot use it: create() failed: out of order."_s);
        QCOMPARE(qtext(bad->hint), u"Ask its author."_s);
        const PluginInfo *behind = find(*listing, "behind");
        QVERIFY(behind->state == PluginState::Disabled);
        QVERIFY2(behind->reason.find("which is refused: cannot use it") != std::string::npos, behind->reason.c_str());
        QCOMPARE(tried(), QStringList{u"all"_s});
        // Another host of this user knows it, too.
        m_host->stop();
        m_host->start();
        QVERIFY(!find(*m_host->client().listPlugins(), "throws")->isUsable());
        QCOMPARE(tried(), QStringList{u"all"_s});
        // A library of the same name that is another one is tried anew, and no other is.
        m_folder->write(u"relu/librelu.so"_s, libraryHeader() + "more");
        QVERIFY(find(*m_host->client().listPlugins(), "relu")->isUsable());
        QCOMPARE(tried(), (QStringList{u"all"_s, u"relu"_s}));
        // What `plugins check` or another process has forgotten is tried anew by a host that runs, too.
        PluginTrials(PluginTrials::fileOfThisUser()).forget();
        QVERIFY(!find(*m_host->client().listPlugins(), "throws")->isUsable());
        QCOMPARE(tried(), (QStringList{u"all"_s, u"relu"_s, u"all"_s}));
        QVERIFY(find(*m_host->client().listPlugins(), "relu")->isUsable());
        QCOMPARE(tried().size(), 3);
    }
    void aNameOfOneThatFallsOverIsFree()
    {
        const QByteArray provides = R"("provides":[{"point":"FeedForward","name":"test_ffn"}])";
        m_folder->add("throws", provides);
        m_folder->add("waits", provides);
        m_host->start();
        const auto listing = m_host->client().listPlugins();
        VERIFY_OK(listing);
        QVERIFY(listing->problems.empty());
        QVERIFY(find(*listing, "throws")->state == PluginState::Refused);
        QVERIFY2(find(*listing, "waits")->isUsable(), find(*listing, "waits")->reason.c_str());
        // It has been tried as well, once its turn came, and only once.
        QVERIFY(find(*m_host->client().listPlugins(), "waits")->isUsable());
        const auto said = readFile(m_host->home() / "tried", 1 << 20);
        VERIFY_OK(said);
        // In the first try all are, where others than these two are installed.
        QVERIFY2(*said == "throws\nwaits\n" || *said == "all\nwaits\n", said->c_str());
    }
    void aListDoesNotWaitForOneThatHangs()
    {
        addRelu();
        m_folder->add("hangs");
        m_host->start();
        const auto listing = m_host->client().listPlugins();
        VERIFY_OK(listing);
        QVERIFY(find(*listing, "relu")->isUsable());
        QCOMPARE(listing->problems.size(), size_t{1});
        QVERIFY2(listing->problems.front().message.find("still being tried") != std::string::npos,
                 listing->problems.front().message.c_str());
        m_host->stop(); // and the end of the host does not, either
    }
    void saysWhyNoneCouldBeTried()
    {
        addRelu();
        ::setenv("ORRERY_WORKER", "/nowhere", 1);
        m_host->start();
        const auto listing = m_host->client().listPlugins();
        VERIFY_OK(listing);
        QVERIFY(find(*listing, "relu")->isUsable());
        QCOMPARE(listing->problems.size(), size_t{1});
        QVERIFY2(listing->problems.front().message.find("there is no worker to try them") != std::string::npos &&
                     listing->problems.front().message.find("/nowhere") != std::string::npos,
                 listing->problems.front().message.c_str());
    }
    void freezesWhatARunUses()
    {
        addRelu("1.4.0");
        m_host->start();
        const auto made = m_host->client().createRun(
            spec(R"("model.ffn":"relu_test","plugins":{"relu":{"scale":3}})"), "", false);
        VERIFY_OK(made);
        const auto run = RunDirectory::open(made->directory);
        VERIFY_OK(run);
        const RunSpec &frozen = run->frozen().spec;
        QVERIFY(frozen.plugins.use == std::vector<std::string>{"relu@1.4.0"});
        QVERIFY(frozen.plugins.settings.at("plugins.relu.scale") == FieldValue(3.0));
        QCOMPARE(qtext(run->frozen().digest), qtext(specDigest(frozen)));
        // The run stays readable where the plugin is gone.
        QDir(m_folder->path("relu")).removeRecursively();
        VERIFY_OK(RunDirectory::open(made->directory));
        QCOMPARE(m_host->client().listRuns()->size(), size_t{1});
        VERIFY_OK(m_host->client().specJson(made->id));
    }
    void refusesRunsThatItCannotMake_data()
    {
        QTest::addColumn<QString>("more");
        QTest::addColumn<QString>("text");
        QTest::newRow("missing plugin") << R"("plugins":{"use":["nobody"]})"
                                        << "Cannot use plugin \"nobody\": it is not installed here";
        QTest::newRow("refused plugin") << R"("plugins":{"use":["broken"]})"
                                        << "Cannot use plugin \"broken\": cannot read \"broken.json\"";
        QTest::newRow("one that falls over") << R"("plugins":{"use":["throws"]})"
                                             << "Cannot use plugin \"throws\": cannot use it: create() failed: out of order.";
        QTest::newRow("another version") << R"("plugins":{"use":["relu@2.0.0"]})"
                                         << "its version is 1.0.0, expected 2.0.0";
        QTest::newRow("settings of one that is not used") << R"("plugins.relu.scale":2)"
                                                          << "Add \"relu\" to plugins.use";
        QTest::newRow("setting out of range") << R"("plugins":{"use":["relu"],"relu":{"scale":20}})"
                                              << "found 20, expected at most 10";
        QTest::newRow("unknown part") << R"("model.ffn":"relu_tset")"
                                      << "Did you mean \"relu_test\"?";
    }
    void refusesRunsThatItCannotMake()
    {
        QFETCH(QString, more);
        QFETCH(QString, text);
        addRelu();
        m_folder->addAs("broken", "{");
        m_folder->add("throws");
        m_host->start();
        VERIFY_ERROR(m_host->client().createRun(spec(more.toStdString()), "", false), ErrorCode::InvalidInput,
                     text.toUtf8().constData());
        QVERIFY(m_host->client().listRuns()->empty());
    }
};

QTEST_GUILESS_MAIN(TestHostPlugins)
#include "tst_host_plugins.moc"
