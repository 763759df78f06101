// SPDX-License-Identifier: Apache-2.0
// Plugins on the command line, with the real worker: list and show, train, resume and generate with the
// example, and every way in which a run refuses one that it cannot use.
#include "engine_process.h"

#include "tests/plugin/plugin_fixture.h"

using namespace Qt::StringLiterals;
using orrery::test::PluginFolder;

class TestCliPlugins : public QObject {
    Q_OBJECT

    EngineHome m_home;
    QString m_text;
    QString m_run;

    [[nodiscard]] QStringList trainArguments(const QString &out) const
    {
        QStringList arguments{u"train"_s, u"--data"_s,  m_text, u"--out"_s,
                              out,        u"--steps"_s, u"4"_s, u"--json"_s};
        for (const char *setting :
             {"model.layers=1", "model.width=32", "model.heads=2", "model.context=16", "train.batch_size=4",
              "train.eval_every=4", "train.eval_tokens=64", "train.checkpoint_every=2", "probes.every=0",
              "threads=1", "model.ffn=relu_squared", "plugins.example_ffn.scale=0.5"})
            arguments << u"--set"_s << QString::fromLatin1(setting);
        return arguments;
    }
    /// A copy of the example that goes before the one that was built; its library is `library`.
    static void shadow(const PluginFolder &folder, const QString &library, const char *version = "1.0.0")
    {
        QFile json(QStringLiteral(ORRERY_PLUGIN_DIR "/example_ffn/example_ffn.json"));
        QVERIFY2(json.open(QIODevice::ReadOnly), qPrintable(json.fileName()));
        folder.write(u"example_ffn/example_ffn.json"_s, json.readAll().replace("1.0.0", version));
        if (library.isEmpty()) return;
        QFile file(library);
        QVERIFY2(file.open(QIODevice::ReadOnly), qPrintable(library));
        folder.write(u"example_ffn/libexample_ffn.so"_s, file.readAll());
    }
    static QString built() { return QStringLiteral(ORRERY_PLUGIN_DIR "/example_ffn/libexample_ffn.so"); }
    static QJsonObject rowOf(const EngineAnswer &answer, const QString &id)
    {
        for (const QJsonObject &line : answer.lines())
            if (line[u"id"_s].toString() == id) return line;
        return {};
    }
    static QJsonObject error(const EngineAnswer &answer)
    {
        const QList<QJsonObject> lines = answer.lines();
        for (const QJsonObject &line : lines)
            if (line[u"event"_s].toString() == u"error") return line;
        return {};
    }

private Q_SLOTS:
    void initTestCase()
    {
        m_text = m_home.write(u"fox.txt"_s,
                              QByteArray("the quick brown fox jumps over the lazy dog\n").repeated(400));
        m_run = m_home.path(u"run"_s);
    }

    void listsTheExample()
    {
        const EngineAnswer answer = m_home.run({u"plugins"_s, u"list"_s, u"--json"_s});
        QVERIFY2(answer.exitCode == 0, qPrintable(answer.all()));
        QJsonObject example;
        for (const QJsonObject &line : answer.lines())
            if (line[u"id"_s].toString() == u"example_ffn") example = line;
        QCOMPARE(example[u"state"_s].toString(), u"available"_s);
        QCOMPARE(example[u"version"_s].toString(), u"1.0.0"_s);
        QVERIFY(m_home.run({u"plugins"_s, u"list"_s}).out.contains(u"FeedForward relu_squared"_s));
    }
    void showsOneWithItsSettings()
    {
        const EngineAnswer answer = m_home.run({u"plugins"_s, u"show"_s, u"example_ffn"_s});
        QVERIFY2(answer.exitCode == 0, qPrintable(answer.all()));
        QVERIFY(answer.out.contains(u"plugins.example_ffn.scale = 1  (above 0 to 100)"_s));
        const EngineAnswer missing = m_home.run({u"plugins"_s, u"show"_s, u"example_fn"_s});
        QCOMPARE(missing.exitCode, 3);
        QVERIFY(missing.err.contains(u"Did you mean \"example_ffn\"?"_s));
    }
    void listsBrokenOnesWithTheirReason()
    {
        PluginFolder folder;
        folder.addAs("broken", "{\n\"id\" 7}");
        folder.add("open_to_all");
        folder.setMode(u"open_to_all"_s, 0777);
        const EngineAnswer answer = m_home.run({u"plugins"_s, u"list"_s, u"--plugin-dir"_s, folder.path()});
        QCOMPARE(answer.exitCode, 0);
        QVERIFY2(answer.out.contains(u"line 2"_s) && answer.out.contains(u"everybody may write it"_s),
                 qPrintable(answer.out));
        // Which one it is can be told of a JSON whose rules it breaks.
        folder.addAs("later",
                     orrery::test::manifestOf("later").replace("\"apiVersion\":1", "\"apiVersion\":9"));
        const EngineAnswer later =
            m_home.run({u"plugins"_s, u"list"_s, u"--json"_s, u"--plugin-dir"_s, folder.path()});
        QCOMPARE(rowOf(later, u"later"_s)[u"state"_s].toString(), u"refused"_s);
        QCOMPARE(rowOf(later, u"later"_s)[u"version"_s].toString(), u"1.0.0"_s);
        const EngineAnswer nowhere = m_home.run({u"plugins"_s, u"list"_s, u"--plugin-dir"_s, u"/nowhere"_s});
        QCOMPARE(nowhere.exitCode, 0);
        QVERIFY(nowhere.err.contains(u"/nowhere"_s));
    }
    void listsThoseThatFallOver_data()
    {
        QTest::addColumn<QString>("library");
        QTest::addColumn<QString>("behaviour");
        QTest::addColumn<QString>("state");
        QTest::addColumn<QString>("reason");
        const auto row = [](const char *title, const char *library, const char *behaviour, const char *state, const char *reason) {
            QTest::newRow(title) << QString::fromLatin1(library) << QString::fromLatin1(behaviour) << QString::fromLatin1(state)
                                 << QString::fromLatin1(reason);
        };
        row("good", "probe", "good", "available", "");
        row("create() throws", "create_throws", "good", "refused", "create() failed: its constructor is out of order");
        row("configure() throws", "probe", "throws", "refused", "configure() failed: configure is out of order");
        row("a part is missing", "probe", "registers_nothing", "refused", "did not register \"probe_ffn\"");
        row("about a setting", "probe", "error", "available", ""); // which may have to be given
        row("missing symbol", "undefined", "good", "refused", "orrery_test_symbol_that_nobody_has");
        row("ends its process", "static_throw", "good", "refused", "ended a process with signal SIGABRT");
    }
    void listsThoseThatFallOver()
    {
        QFETCH(QString, library);
        QFETCH(QString, behaviour);
        QFETCH(QString, state);
        QFETCH(QString, reason);
        PluginFolder folder;
        folder.add("probe", R"("provides":[{"point":"FeedForward","name":"probe_ffn"}],"settings":[{"key":"behaviour",)"
                            R"("label":"Behaviour","type":"text","default":")" +
                                behaviour.toUtf8() + R"(","effect":"What it does."}])");
        QFile file(QStringLiteral(ORRERY_TEST_LIBRARIES "/lib%1.so").arg(library));
        QVERIFY2(file.open(QIODevice::ReadOnly), qPrintable(file.fileName()));
        folder.write(u"probe/libprobe.so"_s, file.readAll());
        const QStringList where{u"--plugin-dir"_s, folder.path(), u"--json"_s};
        for (int i = 0; i < 2; ++i) { // as it was found, and as it was kept
            const EngineAnswer listed = m_home.run(QStringList{u"plugins"_s, u"list"_s} + where);
            QCOMPARE(listed.exitCode, 0);
            QCOMPARE(rowOf(listed, u"probe"_s)[u"state"_s].toString(), state);
            QVERIFY2(rowOf(listed, u"probe"_s)[u"reason"_s].toString().contains(reason), qPrintable(listed.all()));
            QCOMPARE(rowOf(listed, u"example_ffn"_s)[u"state"_s].toString(), u"available"_s);
        }
    }
    /// Who develops one has his own before the installed one: that counts, with its own state and reason.
    void theFirstOfOneIdCounts()
    {
        PluginFolder folder;
        shadow(folder, built());
        const QStringList where{u"--plugin-dir"_s, folder.path(), u"--json"_s};
        const auto states = [&](QString &reasons) {
            const EngineAnswer listed = m_home.run(QStringList{u"plugins"_s, u"list"_s} + where);
            QStringList found;
            for (const QJsonObject &row : listed.lines())
                if (row[u"id"_s].toString() == u"example_ffn") {
                    found << row[u"state"_s].toString();
                    reasons += row[u"reason"_s].toString() + u'\n';
                }
            return found;
        };
        QString reasons;
        QCOMPARE(states(reasons), (QStringList{u"available"_s, u"refused"_s}));
        QVERIFY2(reasons.contains(u"was found first in"_s), qPrintable(reasons));
        const QStringList check = QStringList{u"plugins"_s, u"check"_s, u"example_ffn"_s} + where;
        QCOMPARE(m_home.run(check).exitCode, 0);
        shadow(folder, QStringLiteral(ORRERY_TEST_LIBRARIES "/libundefined.so"));
        reasons.clear();
        QCOMPARE(states(reasons), (QStringList{u"refused"_s, u"refused"_s}));
        QVERIFY2(reasons.section(u'\n', 0, 0).contains(u"orrery_test_symbol_that_nobody_has"_s), qPrintable(reasons));
        QCOMPARE(m_home.run(check).exitCode, 3);
    }
    void checksWhatLibrariesDo()
    {
        PluginFolder folder;
        folder.add("probe", R"("provides":[{"point":"FeedForward","name":"probe_ffn"}])");
        QFile file(QStringLiteral(ORRERY_TEST_LIBRARIES "/libcreate_throws.so"));
        QVERIFY2(file.open(QIODevice::ReadOnly), qPrintable(file.fileName()));
        folder.write(u"probe/libprobe.so"_s, file.readAll());
        const QStringList where{u"--plugin-dir"_s, folder.path(), u"--json"_s};
        const EngineAnswer all = m_home.run(QStringList{u"plugins"_s, u"check"_s} + where);
        QCOMPARE(all.exitCode, 3);
        QCOMPARE(rowOf(all, u"probe"_s)[u"state"_s].toString(), u"refused"_s);
        QVERIFY2(rowOf(all, u"probe"_s)[u"reason"_s].toString().contains(
                     u"create() failed: its constructor is out of order"_s),
                 qPrintable(all.all()));
        QVERIFY(!rowOf(all, u"probe"_s)[u"hint"_s].toString().isEmpty());
        QCOMPARE(rowOf(all, u"example_ffn"_s)[u"state"_s].toString(), u"available"_s);
        const EngineAnswer one = m_home.run({u"plugins"_s, u"check"_s, u"example_ffn"_s});
        QVERIFY2(one.exitCode == 0, qPrintable(one.all()));
        QVERIFY2(one.out.contains(u"its library loads"_s), qPrintable(one.all()));
        const EngineAnswer none = m_home.run({u"plugins"_s, u"check"_s, u"example_fn"_s});
        QCOMPARE(none.exitCode, 3);
        QVERIFY2(none.err.contains(u"Did you mean \"example_ffn\"?"_s), qPrintable(none.all()));
        // A run that asks for it is refused with the same words, before it is there.
        QStringList arguments = trainArguments(m_home.path(u"refused"_s));
        arguments.replaceInStrings(u"model.ffn=relu_squared"_s, u"model.ffn=probe_ffn"_s);
        arguments.removeAt(arguments.indexOf(u"plugins.example_ffn.scale=0.5"_s) - 1);
        arguments.removeAll(u"plugins.example_ffn.scale=0.5"_s);
        const EngineAnswer refused = m_home.run(arguments + where.first(2));
        QCOMPARE(refused.exitCode, 3);
        QVERIFY2(error(refused)[u"message"_s].toString().startsWith(u"Cannot use plugin \"probe\": "_s) &&
                     error(refused)[u"message"_s].toString().contains(u"create() failed"_s),
                 qPrintable(refused.all()));
        QVERIFY(!QDir(m_home.path(u"refused"_s)).exists());
    }
    void theSchemaHasItsSettings()
    {
        const EngineAnswer answer = m_home.run({u"schema"_s, u"spec"_s});
        QVERIFY(answer.out.contains(u"relu_squared"_s) &&
                answer.out.contains(u"Multiplies the squared activation"_s));
    }

    void trainsResumesAndGenerates()
    {
        const EngineAnswer trained = m_home.run(trainArguments(m_run));
        QVERIFY2(trained.exitCode == 0, qPrintable(trained.all()));
        QFile file(m_run + u"/spec.json"_s);
        QVERIFY(file.open(QIODevice::ReadOnly));
        const QJsonObject plugins =
            QJsonDocument::fromJson(file.readAll()).object()[u"spec"_s].toObject()[u"plugins"_s].toObject();
        QCOMPARE(plugins[u"use"_s].toArray(), QJsonArray{u"example_ffn@1.0.0"_s});
        QCOMPARE(plugins[u"example_ffn"_s].toObject()[u"scale"_s].toDouble(), 0.5);
        const EngineAnswer resumed = m_home.run({u"resume"_s, m_run, u"--steps"_s, u"6"_s, u"--json"_s});
        QVERIFY2(resumed.exitCode == 0, qPrintable(resumed.all()));
        const EngineAnswer generated =
            m_home.run({u"generate"_s, m_run, u"--prompt"_s, u"the"_s, u"--max-tokens"_s, u"3"_s});
        QVERIFY2(generated.exitCode == 0, qPrintable(generated.all()));
    }
    void anotherMinorVersionGoesOn()
    {
        PluginFolder folder;
        shadow(folder, built(), "1.1.0");
        const EngineAnswer answer = m_home.run({u"generate"_s, m_run, u"--prompt"_s, u"the"_s,
                                                u"--max-tokens"_s, u"1"_s, u"--plugin-dir"_s, folder.path()});
        QVERIFY2(answer.exitCode == 0, qPrintable(answer.all()));
    }

    void refusesWhatCannotBeUsed_data()
    {
        QTest::addColumn<QString>("library");
        QTest::addColumn<QByteArray>("version");
        QTest::addColumn<QString>("reason");
        const QString libraries = QStringLiteral(ORRERY_TEST_LIBRARIES);
        QTest::newRow("library removed") << QString() << QByteArray("1.0.0") << u"the library is missing"_s;
        QTest::newRow("another major version")
            << built() << QByteArray("2.0.0") << u"its version is 2.0.0, expected 1.0.0"_s;
        QTest::newRow("text") << m_text << QByteArray("1.0.0") << u"it is no library"_s;
        QTest::newRow("no symbol") << libraries + u"/libno_symbol.so"_s << QByteArray("1.0.0")
                                   << u"has no symbol orrery_plugin_engine_v1"_s;
        QTest::newRow("undefined symbol") << libraries + u"/libundefined.so"_s << QByteArray("1.0.0")
                                          << u"orrery_test_symbol_that_nobody_has"_s;
        QTest::newRow("next interface") << libraries + u"/libnext_api.so"_s << QByteArray("1.0.0")
                                        << u"version 2 of the plugin interface, expected 1"_s;
        QTest::newRow("throws while it loads") << libraries + u"/libstatic_throw.so"_s << QByteArray("1.0.0")
                                               << u"ended a process with signal SIGABRT"_s;
    }
    void refusesWhatCannotBeUsed()
    {
        QFETCH(QString, library);
        QFETCH(QByteArray, version);
        QFETCH(QString, reason);
        PluginFolder folder;
        shadow(folder, library, version.constData());
        const QStringList where{u"--plugin-dir"_s, folder.path()};
        // Resume, generate and evaluate: the run of the test before needs the plugin.
        const EngineAnswer resumed =
            m_home.run(QStringList{u"resume"_s, m_run, u"--steps"_s, u"8"_s, u"--json"_s} + where);
        QCOMPARE(resumed.exitCode, 3);
        const QString message = error(resumed)[u"message"_s].toString();
        QVERIFY2(message.contains(u"example_ffn"_s) && message.contains(reason), qPrintable(resumed.all()));
        QVERIFY(!error(resumed)[u"hint"_s].toString().isEmpty());
        const EngineAnswer generated =
            m_home.run(QStringList{u"generate"_s, m_run, u"--prompt"_s, u"the"_s} + where);
        QCOMPARE(generated.exitCode, 3);
        QVERIFY2(generated.err.contains(u"example_ffn"_s) && generated.err.contains(reason),
                 qPrintable(generated.all()));
        // And a run that begins with its weights.
        const QString out = m_home.path(u"begun"_s);
        const EngineAnswer begun =
            m_home.run(QStringList{u"train"_s, u"--from"_s, m_run, u"--data"_s, m_text, u"--out"_s, out,
                                   u"--steps"_s, u"2"_s, u"--json"_s} +
                       where);
        QCOMPARE(begun.exitCode, 3);
        QVERIFY2(begun.all().contains(u"example_ffn"_s) && begun.all().contains(reason),
                 qPrintable(begun.all()));
        QVERIFY(!QDir(out).exists());
        // It is still listed, shown and copied.
        QCOMPARE(m_home.run({u"runs"_s, u"show"_s, m_run}).exitCode, 0);
    }
    /// Plugins that no run uses are only listed, whatever is wrong with them, and whatever they are called.
    void aRunGoesOnBesideStrangersWithItsNames()
    {
        PluginFolder folder;
        const QByteArray name = R"("provides":[{"point":"FeedForward","name":"relu_squared"}])";
        folder.add("c7", name + R"(,"requires":[{"id":"notthere"}])");
        folder.add("c8", name); // its library is none: a trial refuses it
        const QStringList where{u"--plugin-dir"_s, folder.path(), u"--json"_s};
        const EngineAnswer listed = m_home.run(QStringList{u"plugins"_s, u"list"_s} + where);
        QCOMPARE(rowOf(listed, u"c7"_s)[u"state"_s].toString(), u"disabled"_s);
        QVERIFY2(rowOf(listed, u"c8"_s)[u"reason"_s].toString().contains(
                     u"plugin \"example_ffn\" has that name"_s),
                 qPrintable(listed.all()));
        QCOMPARE(rowOf(listed, u"example_ffn"_s)[u"state"_s].toString(), u"available"_s);
        const EngineAnswer generated = m_home.run(
            QStringList{u"generate"_s, m_run, u"--prompt"_s, u"the"_s, u"--max-tokens"_s, u"1"_s} + where);
        QVERIFY2(generated.exitCode == 0, qPrintable(generated.all()));
    }
    void aRunGoesOnBesideWhatCameLater()
    {
        PluginFolder folder;
        const QByteArray name = R"("provides":[{"point":"FeedForward","name":"probe_ffn"}])";
        folder.add("probe", name + R"(,"settings":[{"key":"behaviour","label":"Behaviour","type":"text",)"
                                   R"("default":"good","effect":"What it does."}])");
        QFile library(QStringLiteral(ORRERY_TEST_LIBRARIES "/libprobe.so"));
        QVERIFY2(library.open(QIODevice::ReadOnly), qPrintable(library.fileName()));
        folder.write(u"probe/libprobe.so"_s, library.readAll());
        const QStringList where{u"--plugin-dir"_s, folder.path(), u"--json"_s};
        const QString run = m_home.path(u"probe_run"_s);
        QStringList arguments = trainArguments(run).replaceInStrings(u"relu_squared"_s, u"probe_ffn"_s);
        arguments.remove(arguments.size() - 2, 2); // the example's setting
        const EngineAnswer trained = m_home.run(arguments + where.first(2));
        QVERIFY2(trained.exitCode == 0, qPrintable(trained.all()));

        folder.add("earlier", name); // in the alphabet; its library is none
        const EngineAnswer generated = m_home.run(
            QStringList{u"generate"_s, run, u"--prompt"_s, u"the"_s, u"--max-tokens"_s, u"1"_s} + where);
        QVERIFY2(generated.exitCode == 0, qPrintable(generated.all()));
        const EngineAnswer listed = m_home.run(QStringList{u"plugins"_s, u"list"_s} + where);
        QCOMPARE(rowOf(listed, u"earlier"_s)[u"state"_s].toString(), u"refused"_s);
        QVERIFY2(rowOf(listed, u"earlier"_s)[u"reason"_s].toString().contains(u"libearlier.so"_s),
                 qPrintable(listed.all()));
        QCOMPARE(rowOf(listed, u"probe"_s)[u"state"_s].toString(), u"available"_s);
        for (const QStringList &id : {QStringList{}, QStringList{u"probe"_s}}) {
            const EngineAnswer checked = m_home.run(QStringList{u"plugins"_s, u"check"_s} + id + where);
            QCOMPARE(checked.exitCode, id.isEmpty() ? 3 : 0);
            QVERIFY2(rowOf(checked, u"probe"_s)[u"state"_s] == u"available"_s, qPrintable(checked.all()));
        }
    }
    void aNewRunIsRefusedBeforeItIsMade()
    {
        PluginFolder folder;
        shadow(folder, QString());
        const QString out = m_home.path(u"never"_s);
        const EngineAnswer answer =
            m_home.run(trainArguments(out) + QStringList{u"--plugin-dir"_s, folder.path()});
        QCOMPARE(answer.exitCode, 3);
        QVERIFY2(error(answer)[u"message"_s].toString().contains(
                     u"it comes from plugin \"example_ffn\", which cannot be used"_s),
                 qPrintable(answer.all()));
        QVERIFY(!QDir(out).exists());
        // Of a JSON that cannot be read nobody knows what it brings, and yet it is what was meant.
        folder.write(u"example_ffn/example_ffn.json"_s, "{");
        const EngineAnswer unread = m_home.run(trainArguments(out) + QStringList{u"--plugin-dir"_s, folder.path()});
        QCOMPARE(unread.exitCode, 3);
        QVERIFY2(error(unread)[u"hint"_s].toString().contains(
                     u"If it is of plugin \"example_ffn\", that was refused: cannot read"_s),
                 qPrintable(unread.all()));
        QVERIFY(!QDir(out).exists());
    }
    /// The name is known, and so is why its plugin cannot be used: its interface, a misspelt key.
    void aNameOfARefusedJsonSaysWhy_data()
    {
        QTest::addColumn<QByteArray>("before");
        QTest::addColumn<QByteArray>("after");
        QTest::addColumn<QString>("reason");
        QTest::newRow("next interface") << QByteArray("\"apiVersion\": 1") << QByteArray("\"apiVersion\": 2")
                                        << u"it comes from plugin \"example_ffn\", which cannot be used: "
                                           "cannot read \"example_ffn.json\": it was made for version 2"_s;
        QTest::newRow("unknown key") << QByteArray("\"provides\"") << QByteArray("\"provide\"")
                                     << u"If it is of plugin \"example_ffn\", that was refused: cannot read"_s;
    }
    void aNameOfARefusedJsonSaysWhy()
    {
        QFETCH(QByteArray, before);
        QFETCH(QByteArray, after);
        QFETCH(QString, reason);
        PluginFolder folder;
        shadow(folder, built());
        QFile json(folder.path(u"example_ffn/example_ffn.json"_s));
        QVERIFY(json.open(QIODevice::ReadOnly));
        const QByteArray manifest = json.readAll();
        json.close();
        QVERIFY2(manifest.contains(before), manifest.constData());
        folder.write(u"example_ffn/example_ffn.json"_s, QByteArray(manifest).replace(before, after));
        const QString out = m_home.path(u"never"_s);
        const EngineAnswer answer = m_home.run(trainArguments(out) + QStringList{u"--plugin-dir"_s, folder.path()});
        QCOMPARE(answer.exitCode, 3);
        QVERIFY2(answer.all().replace(u"\\\""_s, u"\""_s).contains(reason), qPrintable(answer.all()));
        QVERIFY(!QDir(out).exists());
    }
    /// A folder that is left out, or is not there, is told by whoever looks for plugins, and the error of a plugin in it
    /// gives that as its reason.
    void foldersThatAreLeftOutAreTold()
    {
        PluginFolder folder;
        folder.add("probe", R"("provides":[{"point":"FeedForward","name":"probe_ffn"}],"settings":[{"key":"behaviour",)"
                            R"("label":"Behaviour","type":"text","default":"good","effect":"What it does."}])");
        QFile library(QStringLiteral(ORRERY_TEST_LIBRARIES "/libprobe.so"));
        QVERIFY2(library.open(QIODevice::ReadOnly), qPrintable(library.fileName()));
        folder.write(u"probe/libprobe.so"_s, library.readAll());
        const QStringList where{u"--plugin-dir"_s, folder.path()};
        const QString run = m_home.path(u"of_a_folder"_s);
        QStringList arguments = trainArguments(run).replaceInStrings(u"relu_squared"_s, u"probe_ffn"_s);
        arguments.remove(arguments.size() - 2, 2); // the example's setting
        const EngineAnswer trained = m_home.run(arguments + where);
        QVERIFY2(trained.exitCode == 0, qPrintable(trained.all()));
        folder.setMode(QString(), 0777);
        const QString trust = u"everybody may write it"_s;
        const auto check = [&](const QStringList &arguments, const QStringList &variables) {
            const EngineAnswer answer = m_home.run(arguments, 240'000, variables);
            QVERIFY2(answer.err.contains(u"warning: Cannot trust \""_s) && answer.err.count(u"warning: "_s) == 1,
                     qPrintable(answer.all()));
            QVERIFY2(answer.exitCode == 3 && answer.all().replace(u"\\\""_s, u"\""_s)
                                                 .contains(u"Cannot use plugin \"probe\": cannot trust \""_s),
                     qPrintable(answer.all()));
        };
        const QStringList variables{QString::fromLatin1(orrery::kPluginPathVariable) + u'=' + folder.path()};
        const QStringList resume{u"resume"_s, run, u"--steps"_s, u"9"_s, u"--json"_s};
        check(resume + where, {});
        check(resume, variables);
        check(QStringList{u"generate"_s, run, u"--prompt"_s, u"the"_s} + where, {});
        // On a run that needs none of it, too; it goes on.
        const QStringList generate{u"generate"_s, m_run, u"--prompt"_s, u"the"_s, u"--max-tokens"_s, u"1"_s};
        const EngineAnswer beside = m_home.run(generate + where);
        QVERIFY2(beside.exitCode == 0 && beside.err.contains(trust), qPrintable(beside.all()));
        const EngineAnswer nowhere = m_home.run(generate + QStringList{u"--plugin-dir"_s, u"/nowhere"_s});
        QVERIFY2(nowhere.exitCode == 0 && nowhere.err.contains(u"warning: Cannot read plugin folder \"/nowhere\""_s),
                 qPrintable(nowhere.all()));
    }
    /// A model directory that needs a plugin which is not there says which, whatever is done with it.
    void aModelSaysWhichPluginItLacks()
    {
        const QString model = m_home.path(u"model"_s);
        QVERIFY2(m_home.run({u"runs"_s, u"export"_s, m_run, u"--out"_s, model}).exitCode == 0, "no export");
        QFile config(model + u"/config.json"_s);
        QVERIFY(config.open(QIODevice::ReadOnly));
        const QByteArray text = config.readAll().replace("example_ffn", "judged").replace("relu_squared", "judged_ffn");
        config.close();
        QVERIFY(config.open(QIODevice::WriteOnly));
        config.write(text);
        config.close();
        const QString lacks = u"Cannot use plugin \"judged\": it is not installed here"_s;
        const EngineAnswer generated = m_home.run({u"generate"_s, model, u"--prompt"_s, u"x"_s});
        QVERIFY2(generated.exitCode == 3 && generated.err.contains(lacks), qPrintable(generated.all()));
        const QString out = m_home.path(u"from_model"_s);
        const EngineAnswer begun = m_home.run(
            {u"train"_s, u"--from"_s, model, u"--data"_s, m_text, u"--out"_s, out, u"--steps"_s, u"2"_s});
        QVERIFY2(begun.exitCode == 3 && begun.err.contains(lacks), qPrintable(begun.all()));
        QVERIFY(!QDir(out).exists());
    }
    void refusedRunsGoOnWhenThePluginIsBack()
    {
        const EngineAnswer answer = m_home.run({u"resume"_s, m_run, u"--steps"_s, u"8"_s, u"--json"_s});
        QVERIFY2(answer.exitCode == 0, qPrintable(answer.all()));
    }
};

QTEST_GUILESS_MAIN(TestCliPlugins)
#include "tst_cli_plugins.moc"
