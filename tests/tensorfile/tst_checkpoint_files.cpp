// SPDX-License-Identifier: Apache-2.0
#include "checkpoint_fixture.h"

#include "core/base/text.h"

#include <QDir>
#include <QFileInfo>
#include <QTemporaryDir>
#include <QTest>

#include <fstream>

using namespace orrery;
namespace fs = std::filesystem;

namespace {

std::string readRaw(const fs::path &path)
{
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

void writeRaw(const fs::path &path, const std::string &content)
{
    std::ofstream(path, std::ios::binary | std::ios::trunc)
        .write(content.data(), static_cast<std::streamsize>(content.size()));
}

void flipBit(const fs::path &path, size_t byte, int bit)
{
    std::string content = readRaw(path);
    content[byte] = static_cast<char>(content[byte] ^ (1 << bit));
    writeRaw(path, content);
}

bool contains(const Error &error, const std::string &text)
{
    return error.message.find(text) != std::string::npos;
}

} // namespace

class TestCheckpointFiles : public QObject {
    Q_OBJECT

private:
    std::unique_ptr<QTemporaryDir> m_folder;
    fs::path folder() const { return fs::path(m_folder->path().toStdString()) / "checkpoints"; }
    void write(int64_t step)
    {
        const CheckpointFixture fixture(step);
        const auto written = writeCheckpoint(folder(), fixture.content);
        QVERIFY2(written.ok(), written.ok() ? "" : written.error().message.c_str());
    }

private Q_SLOTS:
    void init()
    { // In memory where that exists: the sweep over all bits writes thousands of small files.
        const QString root = QFileInfo("/dev/shm").isWritable() ? "/dev/shm" : QDir::tempPath();
        m_folder = std::make_unique<QTemporaryDir>(root + "/orrery-XXXXXX");
    }

    void verifiesWhatItWrote()
    {
        const CheckpointFixture fixture(1200);
        const auto written = writeCheckpoint(folder(), fixture.content);
        QVERIFY(written.ok());
        const fs::path path = checkpointPath(folder(), 1200);
        QCOMPARE(path.filename().string(), std::string("step-00001200"));
        uint64_t onDisk = 0;
        for (const auto &entry : fs::directory_iterator(path)) onDisk += entry.file_size();
        QCOMPARE(*written, onDisk);

        const auto manifest = verifyCheckpoint(path);
        QVERIFY2(manifest.ok(), manifest.ok() ? "" : manifest.error().message.c_str());
        QCOMPARE(manifest->step, int64_t(1200));
        QCOMPARE(manifest->specDigest, std::string("spec-1"));
        QCOMPARE(manifest->valLoss, 2.25);
        QVERIFY(manifest->wallTime > 1.6e9);
        QCOMPARE(manifest->files.at("model.safetensors").size(), size_t(2));
        QCOMPARE(manifest->numBytes, onDisk - fs::file_size(path / "manifest.json"));
        QCOMPARE(readManifest(path)->stateSha256, manifest->stateSha256);
        const auto reader = SafetensorsReader::open(path / "model.safetensors");
        QCOMPARE(*reinterpret_cast<const float *>(reader->bytes(*reader->find("blocks.0.weight")).data()),
                 1200.5f);
    }

    void keepsLossesThatJsonLacks()
    {
        for (double loss : {std::nan(""), double(INFINITY), -double(INFINITY), 0.1, 1e-300}) {
            CheckpointFixture fixture(1);
            fixture.content.valLoss = loss;
            QVERIFY(writeCheckpoint(folder(), fixture.content).ok());
            const double found = verifyCheckpoint(checkpointPath(folder(), 1))->valLoss;
            QVERIFY(std::isnan(loss) ? std::isnan(found) : found == loss);
        }
    }

    void listsOnlyFinishedCheckpoints()
    {
        for (int64_t step : {300, 100, 200}) write(step);
        fs::create_directories(folder() / "step-00000400.partial");
        fs::create_directories(folder() / "step-00000050.deleted");
        fs::create_directories(folder() / "step-77");
        fs::create_directories(folder() / "step-00000x00");
        writeRaw(folder() / "step-00000500", "a file");
        QCOMPARE(listCheckpoints(folder()), (std::vector<int64_t>{100, 200, 300}));
        QVERIFY(cleanCheckpoints(folder()).ok());
        QVERIFY(!fs::exists(folder() / "step-00000400.partial"));
        QVERIFY(!fs::exists(folder() / "step-00000050.deleted"));
        QVERIFY(fs::exists(folder() / "step-77")); // not ours
        QCOMPARE(listCheckpoints(folder()), (std::vector<int64_t>{100, 200, 300}));
        QVERIFY(listCheckpoints(folder() / "missing").empty());
        QVERIFY(cleanCheckpoints(folder() / "missing").ok());
    }

    void overwritesTheSameStep()
    {
        write(100);
        flipBit(checkpointPath(folder(), 100) / "model.safetensors", 200, 3);
        CheckpointFixture again(100);
        again.content.specDigest = "spec-2";
        QVERIFY(writeCheckpoint(folder(), again.content).ok());
        QCOMPARE(verifyCheckpoint(checkpointPath(folder(), 100))->specDigest, std::string("spec-2"));
        QCOMPARE(std::distance(fs::directory_iterator(folder()), fs::directory_iterator()), 1);
    }

    /// Every single bit of every file, one at a time.
    void findsEveryFlippedBit()
    {
        write(100);
        const fs::path path = checkpointPath(folder(), 100);
        for (const char *name :
             {"model.safetensors", "optimizer-0.safetensors", "state.json", "manifest.json"}) {
            const std::string good = readRaw(path / name);
            for (size_t byte = 0; byte < good.size(); ++byte) {
                // All bits of the first bytes (the header length), one bit of each byte behind them.
                for (int bit = 0; bit < (byte < 16 ? 8 : 1); ++bit) {
                    flipBit(path / name, byte, byte < 16 ? bit : static_cast<int>(byte % 8));
                    const auto manifest = verifyCheckpoint(path);
                    QVERIFY2(!manifest.ok(),
                             qPrintable(QString("%1 byte %2 bit %3").arg(name).arg(byte).arg(bit)));
                    QCOMPARE(manifest.error().code, ErrorCode::InvalidInput);
                    QVERIFY2(contains(manifest.error(), name), manifest.error().message.c_str());
                    writeRaw(path / name, good);
                }
            }
        }
        QVERIFY(verifyCheckpoint(path).ok());
    }

    void namesTheDamagedTensor()
    {
        write(100);
        const fs::path file = checkpointPath(folder(), 100) / "model.safetensors";
        flipBit(file, fs::file_size(file) - 1, 0);
        const auto manifest = verifyCheckpoint(checkpointPath(folder(), 100));
        QVERIFY(!manifest.ok());
        QVERIFY2(contains(manifest.error(), "tensor \"blocks.1.weight\" in model.safetensors"),
                 manifest.error().message.c_str());
        QVERIFY(readManifest(checkpointPath(folder(), 100)).ok()); // reads only the manifest
    }

    void namesMissingAndTruncatedParts()
    {
        for (const char *name : {"model.safetensors", "state.json", "manifest.json"}) {
            write(100);
            const fs::path path = checkpointPath(folder(), 100);
            fs::resize_file(path / name, fs::file_size(path / name) - 1);
            auto found = verifyCheckpoint(path);
            QVERIFY(!found.ok());
            QVERIFY2(contains(found.error(), name), found.error().message.c_str());
            QVERIFY(!readManifest(path).ok());
            fs::remove(path / name);
            found = verifyCheckpoint(path);
            QVERIFY(!found.ok());
            QCOMPARE(found.error().code, ErrorCode::InvalidInput);
            QVERIFY2(contains(found.error(), std::string(name) + " is missing"),
                     found.error().message.c_str());
        }
        QCOMPARE(verifyCheckpoint(folder() / "step-00000009").error().code, ErrorCode::NotFound);
    }

    void refusesACheckpointUnderAnotherStep()
    {
        write(100);
        fs::rename(checkpointPath(folder(), 100), checkpointPath(folder(), 900));
        const auto found = verifyCheckpoint(checkpointPath(folder(), 900));
        QVERIFY(!found.ok());
        QVERIFY2(contains(found.error(), "is of step 100"), found.error().message.c_str());
    }

    void fallsBackToTheOneBefore()
    {
        for (int64_t step : {100, 200, 300, 400}) write(step);
        flipBit(checkpointPath(folder(), 400) / "state.json", 2, 1);
        fs::remove(checkpointPath(folder(), 300) / "manifest.json");
        const auto found = findCheckpoint(folder());
        QVERIFY(found.ok());
        QCOMPARE(found->manifest.step, int64_t(200));
        QCOMPARE(found->path, checkpointPath(folder(), 200));
        QCOMPARE(found->skipped.size(), size_t(2));
        QVERIFY(contains(found->skipped[0], "step-00000400") && contains(found->skipped[0], "state.json"));
        QVERIFY(contains(found->skipped[1], "step-00000300") && contains(found->skipped[1], "manifest.json"));

        QCOMPARE(findCheckpoint(folder(), 199)->manifest.step, int64_t(100));
        QVERIFY(findCheckpoint(folder(), 199)->skipped.empty());
        const auto none = findCheckpoint(folder(), 99);
        QCOMPARE(none.error().code, ErrorCode::NotFound);
        QVERIFY(none.error().hint.find("step 100") != std::string::npos);
    }

    void saysWhyNoneVerifies()
    {
        const auto empty = findCheckpoint(folder());
        QCOMPARE(empty.error().code, ErrorCode::NotFound);
        QVERIFY(empty.error().message.find("there is none") != std::string::npos);
        write(100);
        flipBit(checkpointPath(folder(), 100) / "state.json", 2, 1);
        const auto damaged = findCheckpoint(folder());
        QCOMPARE(damaged.error().code, ErrorCode::NotFound);
        QVERIFY(damaged.error().hint.find("state.json") != std::string::npos);
    }

    void removesOne()
    {
        for (int64_t step : {100, 200}) write(step);
        fs::create_directories(folder() / "step-00000100.deleted"); // left by a kill
        QVERIFY(removeCheckpoint(folder(), 100).ok());
        QCOMPARE(listCheckpoints(folder()), (std::vector<int64_t>{200}));
        QVERIFY(!fs::exists(folder() / "step-00000100.deleted"));
        QCOMPARE(removeCheckpoint(folder(), 100).error().code, ErrorCode::NotFound);
    }

    void refusesUnusableContent_data()
    {
        QTest::addColumn<QString>("name");
        for (const char *name : {"", "../x", "a/b", "state.json", "manifest.json", ".hidden", "a b"})
            QTest::newRow(*name ? name : "empty") << QString::fromUtf8(name);
    }
    void refusesUnusableContent()
    {
        QFETCH(QString, name);
        CheckpointFixture fixture(1);
        fixture.content.files[0].name = name.toStdString();
        const auto written = writeCheckpoint(folder(), fixture.content);
        QVERIFY(!written.ok());
        QCOMPARE(written.error().code, ErrorCode::InvalidInput);
        QVERIFY(!fs::exists(checkpointPath(folder(), 1)));
    }
    void refusesTwoFilesOfOneNameAndNegativeSteps()
    {
        CheckpointFixture fixture(1);
        fixture.content.files[1].name = fixture.content.files[0].name;
        QVERIFY(contains(writeCheckpoint(folder(), fixture.content).error(), "stands twice"));
        fixture.content.files.pop_back();
        fixture.content.step = -1;
        QVERIFY(contains(writeCheckpoint(folder(), fixture.content).error(), "step is -1"));
    }

    /// A manifest that is sealed rightly but names files outside of its folder, as a hostile one would.
    void refusesHostileManifest_data()
    {
        QTest::addColumn<QString>("from");
        QTest::addColumn<QString>("to");
        QTest::addColumn<QString>("names");
        QTest::newRow("path") << "model.safetensors"
                              << "../model.safetens"
                              << "plain file name";
        QTest::newRow("format") << "checkpoint/1"
                                << "checkpoint/9"
                                << "\"format\"";
        QTest::newRow("negative step") << "\"step\": 100"
                                       << "\"step\": -10"
                                       << "\"step\"";
        QTest::newRow("loss as text") << "\"val_loss\": 2.25"
                                      << "\"val_loss\": \"2\""
                                      << "\"val_loss\"";
        QTest::newRow("no files") << "\"files\""
                                  << "\"fires\""
                                  << "\"files\"";
        QTest::newRow("tensors of a number") << "\"tensors\": ["
                                             << "\"tensors\": 5,\"x\":["
                                             << "\"tensors\"";
    }
    void refusesHostileManifest()
    {
        QFETCH(QString, from);
        QFETCH(QString, to);
        QFETCH(QString, names);
        write(100);
        const fs::path path = checkpointPath(folder(), 100) / "manifest.json";
        const std::string text = readRaw(path);
        const size_t seal = text.find(",\n  \"manifest_sha256\": \"");
        QVERIFY(seal != std::string::npos);
        QString body = QString::fromStdString(text.substr(0, seal));
        QVERIFY(body.contains(from));
        const std::string changed = body.replace(from, to).toStdString();
        writeRaw(path, changed + text.substr(seal));
        QVERIFY(contains(verifyCheckpoint(path.parent_path()).error(), "SHA-256"));
        writeRaw(path, changed + ",\n  \"manifest_sha256\": \"" + sha256Hex(changed) + "\"\n}\n");
        const auto found = verifyCheckpoint(path.parent_path());
        QVERIFY(!found.ok());
        QCOMPARE(found.error().code, ErrorCode::InvalidInput);
        QVERIFY2(contains(found.error(), names.toStdString()), found.error().message.c_str());
    }
};

QTEST_APPLESS_MAIN(TestCheckpointFiles)
#include "tst_checkpoint_files.moc"
