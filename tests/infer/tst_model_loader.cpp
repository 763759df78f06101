// SPDX-License-Identifier: Apache-2.0
#include "tiny_run.h"

#include "core/infer/model_directory.h"
#include "core/infer/model_loader.h"
#include "core/nn/device.h"
#include "core/tensorfile/checkpoint_files.h"

#include <QTemporaryDir>
#include <QtTest>

#include <cmath>
#include <fstream>
#include <sstream>
#include <unistd.h>

using namespace orrery;
namespace fs = std::filesystem;

namespace {

/// Tokens and probabilities of a greedy text: tells models with different weights apart.
std::string fingerprint(Generator &generator)
{
    std::string text;
    const std::atomic<bool> cancel{false};
    const auto summary = generator.generate(
        {.prompt = "int main", .sampling = {.maxTokens = 12, .temperature = 0}},
        [&](const GeneratedToken &token) {
            text += std::to_string(token.id) + ":" + std::to_string(token.probability) + " ";
            return true;
        },
        cancel);
    return summary.ok() ? text : summary.error().message;
}

void replaceInFile(const fs::path &file, const std::string &from, const std::string &to)
{
    std::ifstream in(file);
    std::string text((std::istreambuf_iterator<char>(in)), {});
    const size_t at = text.find(from);
    QVERIFY(at != std::string::npos);
    std::ofstream(file) << text.replace(at, from.size(), to);
}

} // namespace

class TestModelLoader : public QObject {
    Q_OBJECT

    QTemporaryDir m_folder;
    fs::path m_run;

    [[nodiscard]] Result<std::unique_ptr<Generator>> load(const std::string &suffix) const
    {
        const auto reference = parseModelReference(m_run.string() + suffix);
        if (!reference.ok()) return reference.error();
        return loadGenerator(*reference, "cpu", 1);
    }

    template <typename Value>
    static void compareError(const Result<Value> &loaded, ErrorCode code, const QString &part)
    {
        QVERIFY(!loaded.ok());
        QCOMPARE(loaded.error().code, code);
        QVERIFY2(QString::fromStdString(loaded.error().text()).contains(part), loaded.error().text().c_str());
    }

private Q_SLOTS:
    void init()
    {
        static int number = 0;
        m_run = fs::path(m_folder.path().toStdString()) / ("run-" + std::to_string(++number));
        test::makeTinyRun(m_run, test::tinySpec(), {{100, 3.0}, {200, 2.0}, {300, 2.5}});
    }

    void takesTheNewestWithoutAStep()
    {
        const auto loaded = load("");
        QVERIFY2(loaded.ok(), loaded.ok() ? "" : loaded.error().text().c_str());
        const ModelInfo info = (*loaded)->info();
        QCOMPARE(info.step, int64_t(300));
        QCOMPARE(info.name, m_run.filename().string() + "@300");
        QCOMPARE(info.context, int64_t(16));
        QCOMPARE(info.vocabSize, int64_t(272));
        QCOMPARE(info.numParameters, test::tinyModel(test::tinySpec(), 300)->numParameters());
        QVERIFY(info.note.empty());
    }

    void takesTheGivenStep()
    {
        const auto newest = load("");
        const auto older = load("@100");
        QVERIFY(older.ok());
        QCOMPARE((*older)->info().step, int64_t(100));
        QVERIFY(fingerprint(**older) != fingerprint(**newest));
    }

    void takesTheBestByValidationLoss()
    {
        const auto best = load("@best");
        QVERIFY(best.ok());
        QCOMPARE((*best)->info().step, int64_t(200));
    }

    void bestNeedsAValidationLoss()
    {
        const fs::path run = m_run.string() + "-unmeasured";
        test::makeTinyRun(run, test::tinySpec(), {{5, std::nan("")}});
        compareError(loadGenerator({.path = run.string(), .isBest = true}, "cpu", 1), ErrorCode::NotFound,
                     "validation loss");
    }

    void offersTheNearestStepsWhenOneIsMissing()
    {
        compareError(load("@250"), ErrorCode::NotFound, "Nearest: 200 and 300.");
        compareError(load("@1000"), ErrorCode::NotFound, "Nearest: 300.");
        compareError(load("@1"), ErrorCode::NotFound, "Nearest: 100.");
    }

    void saysThatARunHasNoCheckpointYet()
    {
        const fs::path run = m_run.string() + "-new";
        test::makeTinyRun(run, test::tinySpec(), {});
        compareError(loadGenerator({.path = run.string()}, "cpu", 1), ErrorCode::NotFound,
                     "no checkpoint yet");
    }

    void saysThatThereIsNoSuchFolder()
    {
        compareError(loadGenerator({.path = m_run.string() + "-none"}, "cpu", 1), ErrorCode::NotFound,
                     "no such folder");
    }

    void saysThatAFolderIsNoModel()
    {
        compareError(loadGenerator({.path = m_folder.path().toStdString()}, "cpu", 1), ErrorCode::NotFound,
                     "neither spec.json nor config.json");
    }

    void passesOverADamagedCheckpointAndSaysSo()
    {
        test::flipBit(checkpointPath(m_run / "checkpoints", 300) / "model.safetensors");
        const auto loaded = load("");
        QVERIFY2(loaded.ok(), loaded.ok() ? "" : loaded.error().text().c_str());
        QCOMPARE((*loaded)->info().step, int64_t(200));
        const QString note = QString::fromStdString((*loaded)->info().note);
        QVERIFY2(note.contains("model.safetensors"), qPrintable(note));
        QVERIFY2(note.contains("Loaded step 200 instead."), qPrintable(note));
        QCOMPARE(fingerprint(**loaded), fingerprint(**load("@200")));
    }

    void fallsBackFromAGivenStepToAnOlderOne()
    {
        test::flipBit(checkpointPath(m_run / "checkpoints", 200) / "model.safetensors");
        const auto loaded = load("@200");
        QVERIFY(loaded.ok());
        QCOMPARE((*loaded)->info().step, int64_t(100));
        QVERIFY(!(*loaded)->info().note.empty());
    }

    void refusesWhenEveryCheckpointIsDamaged()
    {
        for (int64_t step : {100, 200, 300})
            test::flipBit(checkpointPath(m_run / "checkpoints", step) / "model.safetensors");
        const auto loaded = load("");
        QVERIFY(!loaded.ok());
        QCOMPARE(loaded.error().code, ErrorCode::NotFound);
    }

    void runsOnTheRunsDeviceOrSaysWhyNot()
    {
        const fs::path run = m_run.string() + "-cuda";
        RunSpec spec = test::tinySpec();
        spec.device = "cuda";
        test::makeTinyRun(run, spec, {{100, 3.0}});
        const auto loaded = loadGenerator({.path = run.string()}, "", 1);
        QVERIFY2(loaded.ok(), loaded.ok() ? "" : loaded.error().text().c_str());
        const QString note = QString::fromStdString((*loaded)->info().note);
        if (nn::openDevice("cuda").ok()) {
            QVERIFY2(note.isEmpty(), qPrintable(note));
        } else {
            QVERIFY2(note.contains("\"cuda\"") && note.contains("runs on the CPU"), qPrintable(note));
            compareError(loadGenerator({.path = run.string()}, "cuda", 1), ErrorCode::Unavailable, "cuda");
        }
        const auto onCpu = loadGenerator({.path = run.string()}, "cpu", 1);
        QVERIFY((*onCpu)->info().note.empty());
    }

    void refusesAnUnknownDevice()
    {
        const auto loaded = loadGenerator({.path = m_run.string()}, "abacus", 1);
        compareError(loaded, ErrorCode::InvalidInput, "abacus");
    }

    void readsBackAnExportedModelDirectory()
    {
        const fs::path directory = m_run.string() + "-model";
        const auto exported = exportModelDirectory({.path = m_run.string(), .step = 200}, directory.string());
        QVERIFY2(exported.ok(), exported.ok() ? "" : exported.error().text().c_str());
        for (const char *name : {"config.json", "tokenizer.json", "model.safetensors"})
            QVERIFY(fs::exists(directory / name));
        QVERIFY(!fs::exists(directory.string() + ".partial"));
        const auto loaded = loadGenerator({.path = directory.string()}, "cpu", 1);
        QVERIFY2(loaded.ok(), loaded.ok() ? "" : loaded.error().text().c_str());
        QCOMPARE((*loaded)->info().step, int64_t(200));
        QCOMPARE((*loaded)->info().name, directory.filename().string());
        QCOMPARE(fingerprint(**loaded), fingerprint(**load("@200")));
    }

    void refusesATokenizerElsewhere()
    {
        const fs::path directory = m_run.string() + "-linked", config = directory / "config.json";
        QVERIFY(exportModelDirectory({.path = m_run.string()}, directory.string()).ok());
        std::stringstream text;
        text << std::ifstream(config).rdbuf();
        const std::string own = "\"data.tokenizer\": \"bytes\"";
        std::string changed = text.str();
        const size_t place = changed.find(own);
        QVERIFY(place != std::string::npos);
        changed.replace(place, own.size(), "\"data.tokenizer\": \"tokenizer.json\"");
        std::ofstream(config) << changed;
        const fs::path outside = m_run.string() + "-elsewhere.json";
        fs::rename(directory / "tokenizer.json", outside);
        fs::create_symlink(outside, directory / "tokenizer.json");
        compareError(loadGenerator({.path = directory.string()}, "cpu", 1), ErrorCode::InvalidInput,
                     "it is a link to");
    }

    void exportTellsHowFarItIs()
    {
        const fs::path directory = m_run.string() + "-told";
        QTemporaryDir folder;
        const fs::path model = fs::path(folder.path().toStdString()) / "model";
        // A memory is bytes to an export; who reads it checks them.
        QVERIFY(exportModelDirectory({.path = m_run.string()}, directory.string()).ok());
        std::ofstream(directory / "memory.safetensors") << "remembered";
        std::vector<std::pair<uint64_t, uint64_t>> told;
        ExportWatch watch;
        watch.progress = [&told](uint64_t done, uint64_t total) { told.emplace_back(done, total); };
        const auto exported = exportModelDirectory({.path = directory.string()}, model.string(), watch);
        QVERIFY2(exported.ok(), exported.ok() ? "" : exported.error().text().c_str());
        const uint64_t total = fs::file_size(directory / "model.safetensors") + 10;
        QCOMPARE(exported->numBytes, total);
        QVERIFY(exported->hasMemory);
        QCOMPARE(told.front(), std::pair(uint64_t(0), total));
        QCOMPARE(told.back(), std::pair(total, total));
        QVERIFY(std::is_sorted(told.begin(), told.end()));
        QCOMPARE(fs::file_size(model / "memory.safetensors"), uintmax_t(10));
    }

    void aStoppedExportLeavesNothing()
    {
        QTemporaryDir folder;
        const fs::path model = fs::path(folder.path().toStdString()) / "model";
        const std::atomic<bool> isStopped{true};
        const auto exported = exportModelDirectory({.path = m_run.string()}, model.string(), {{}, &isStopped});
        compareError(exported, ErrorCode::Cancelled, "it was stopped");
        QVERIFY(fs::is_empty(fs::path(folder.path().toStdString())));
    }

    void exportKeepsWhatIsThere()
    {
        const auto exported = exportModelDirectory({.path = m_run.string()}, m_run.string());
        QVERIFY(!exported.ok());
        QCOMPARE(exported.error().code, ErrorCode::Conflict);
        QVERIFY(fs::exists(m_run / "spec.json"));
        QTemporaryDir folder;
        const fs::path file = fs::path(folder.path().toStdString()) / "empty.txt";
        std::ofstream(file).flush();
        compareError(exportModelDirectory({.path = m_run.string()}, file.string()), ErrorCode::Conflict,
                     "something is there, expected a free name");
        QVERIFY(fs::is_regular_file(file));
    }
    /// Told before any work is done, and the look leaves nothing.
    void whereNoFolderCanBeMadeIsToldFirst()
    {
        QTemporaryDir folder;
        const fs::path home = folder.path().toStdString(), file = home / "file.txt";
        std::ofstream(file).flush();
        compareError(checkFreeDirectory(file / "model"), ErrorCode::Io, "model.partial\": Not a directory");
        compareError(checkFreeDirectory(file / "more" / "model"), ErrorCode::Io, "Not a directory");
        compareError(checkFreeDirectory(home / std::string(300, 'n')), ErrorCode::Io, "File name too long");
        if (::geteuid() != 0) {
            fs::create_directory(home / "closed");
            fs::permissions(home / "closed", fs::perms::owner_read | fs::perms::owner_exec);
            compareError(checkFreeDirectory(home / "closed" / "model"), ErrorCode::Io, "Permission denied");
        }
        fs::create_directory(home / "empty");
        for (const fs::path &free :
             {home / "model", home / "more" / "model", home / "empty", home / "model" / ""})
            QVERIFY2(checkFreeDirectory(free).ok(), free.c_str());
        QVERIFY(fs::is_empty(home / "empty") && !fs::exists(home / "more") && !fs::exists(home / "model"));
        const auto numEntries = std::distance(fs::directory_iterator(home), fs::directory_iterator());
        QCOMPARE(int(numEntries), ::geteuid() != 0 ? 3 : 2);
    }
    void exportKeepsWhatHasItsWorkingName()
    {
        QTemporaryDir folder;
        const fs::path model = fs::path(folder.path().toStdString()) / "model.v1",
                       partial = model.string() + ".partial";
        fs::create_directory(partial);
        std::ofstream(partial / "notes.txt") << "mine";
        const auto refused = [&] {
            compareError(exportModelDirectory({.path = m_run.string()}, model.string()), ErrorCode::Conflict,
                         "something of the name it is written under is there");
            QVERIFY(!fs::exists(model));
        };
        refused();
        QVERIFY(fs::exists(partial / "notes.txt"));
        fs::remove(partial / "notes.txt");
        fs::create_directory(partial / "config.json"); // a name of ours, yet no file
        refused();
        fs::remove_all(partial);
        fs::create_directory_symlink(m_run, partial);
        refused();
        fs::remove(partial);
        // What a write that was killed leaves is nobody's.
        fs::create_directory(partial);
        std::ofstream(partial / "model.safetensors") << "half";
        std::ofstream(partial / "config.json.tmp-12-0") << "half";
        std::ofstream(partial / "memory.safetensors") << "half";
        QVERIFY(exportModelDirectory({.path = m_run.string()}, model.string()).ok());
        QVERIFY(fs::exists(model / "config.json") && !fs::exists(partial) &&
                !fs::exists(model / "config.json.tmp-12-0") && !fs::exists(model / "memory.safetensors"));
    }

    void refusesABrokenModelDirectory_data()
    {
        QTest::addColumn<QString>("file");
        QTest::addColumn<QString>("from");
        QTest::addColumn<QString>("to");
        QTest::addColumn<QString>("part");
        QTest::newRow("foreign") << "config.json"
                                 << "\"orrery\": {"
                                 << "\"other\": {"
                                 << "expected a model of this program, or one of LlamaForCausalLM";
        QTest::newRow("no JSON") << "config.json"
                                 << "{"
                                 << "{{"
                                 << "JSON";
        QTest::newRow("unknown key") << "config.json"
                                     << "\"model.layers\""
                                     << "\"model.lairs\""
                                     << "model.lairs";
        QTest::newRow("out of range") << "config.json"
                                      << "\"model.layers\": 1"
                                      << "\"model.layers\": 0"
                                      << "0";
        QTest::newRow("other shape") << "config.json"
                                     << "\"model.layers\": 1"
                                     << "\"model.layers\": 2"
                                     << "blocks.1";
        QTest::newRow("newer") << "config.json"
                               << "\"spec_version\": 8"
                               << "\"spec_version\": 99"
                               << "99";
        QTest::newRow("learned from no list") << "config.json"
                                              << "\"source\""
                                              << "\"learned\": [\"chat.json\", 7], \"source\""
                                              << "\"learned\" is no list of texts, expected the names";
        QTest::newRow("learned from no number more") << "config.json"
                                                     << "\"source\""
                                                     << "\"learned_more\": -1, \"source\""
                                                     << "\"learned_more\" is -1, expected the number of sources";
        QTest::newRow("other tokenizer") << "tokenizer.json"
                                         << "bytes"
                                         << "words"
                                         << "tokenizer";
    }

    void refusesABrokenModelDirectory()
    {
        QFETCH(QString, file);
        QFETCH(QString, from);
        QFETCH(QString, to);
        QFETCH(QString, part);
        const fs::path directory = m_run.string() + "-broken";
        QVERIFY(exportModelDirectory({.path = m_run.string()}, directory.string()).ok());
        replaceInFile(directory / file.toStdString(), from.toStdString(), to.toStdString());
        compareError(loadGenerator({.path = directory.string()}, "cpu", 1), ErrorCode::InvalidInput, part);
    }

    void aModelDirectoryHasNoSteps()
    {
        const fs::path directory = m_run.string() + "-single";
        QVERIFY(exportModelDirectory({.path = m_run.string()}, directory.string()).ok());
        compareError(loadGenerator({.path = directory.string(), .step = 100}, "cpu", 1),
                     ErrorCode::InvalidInput, "step");
    }
};

QTEST_APPLESS_MAIN(TestModelLoader)
#include "tst_model_loader.moc"
