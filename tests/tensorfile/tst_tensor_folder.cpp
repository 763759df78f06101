// SPDX-License-Identifier: Apache-2.0
#include "core/tensorfile/tensor_folder.h"
#include "tests/base/check_result.h"

#include <QTemporaryDir>

#include <fstream>

using namespace orrery;
namespace fs = std::filesystem;

namespace {

void writeText(const fs::path &file, const std::string &text) { std::ofstream(file) << text; }

/// A file with tensors of one number each.
void writeTensors(const fs::path &file, const std::vector<std::string> &names)
{
    static const std::vector<float> kOne = {1};
    std::vector<TensorSource> tensors;
    for (const std::string &name : names)
        tensors.push_back({.name = name, .shape = {1}, .data = std::as_bytes(std::span(kOne))});
    QVERIFY(writeSafetensors(file, tensors).ok());
}

} // namespace

class TestTensorFolder : public QObject {
    Q_OBJECT

    QTemporaryDir m_temporary;
    fs::path m_root, m_model;

    /// a and b in the first shard, c in the second.
    void makeShards() const
    {
        writeTensors(m_model / "model-1.safetensors", {"a", "b"});
        writeTensors(m_model / "model-2.safetensors", {"c"});
        writeIndex(R"("a":"model-1.safetensors","b":"model-1.safetensors","c":"model-2.safetensors")");
    }
    void writeIndex(const std::string &map) const
    {
        writeText(m_model / kWeightsIndexFile, "{\"metadata\":{},\"weight_map\":{" + map + "}}");
    }

private Q_SLOTS:
    void init()
    {
        static int number = 0;
        m_root = fs::path(m_temporary.path().toStdString()) / std::to_string(++number);
        m_model = m_root / "model";
        fs::create_directories(m_model);
    }

    void readsOneFile()
    {
        writeTensors(m_model / kWeightsFile, {"b", "a"});
        const auto folder = TensorFolder::open(m_model);
        VERIFY_OK(folder);
        QCOMPARE(folder->names(), (std::vector<std::string>{"a", "b"}));
        QCOMPARE(folder->numBytes(), uint64_t(8));
        QCOMPARE(folder->find("a").bytes().size(), size_t(4));
        QVERIFY(!folder->find("c").info);
    }
    void readsShards()
    {
        makeShards();
        auto opened = TensorFolder::open(m_model);
        VERIFY_OK(opened);
        const TensorFolder folder = std::move(opened).value(); // what it found stays where it is
        QCOMPARE(folder.names(), (std::vector<std::string>{"a", "b", "c"}));
        QCOMPARE(folder.numBytes(), uint64_t(12));
        float value = 0;
        std::memcpy(&value, folder.find("c").bytes().data(), sizeof value);
        QCOMPARE(value, 1.0f);
    }
    void namesAllMissingShards()
    {
        makeShards();
        fs::remove(m_model / "model-1.safetensors");
        VERIFY_ERROR(TensorFolder::open(m_model), ErrorCode::NotFound,
                     "1 of 2 weight files are missing (\"model-1.safetensors\")");
        fs::remove(m_model / "model-2.safetensors");
        VERIFY_ERROR(TensorFolder::open(m_model), ErrorCode::NotFound,
                     "2 of 2 weight files are missing (\"model-1.safetensors\", \"model-2.safetensors\")");
    }
    void saysThatThereAreNoWeights()
    {
        VERIFY_ERROR(TensorFolder::open(m_model), ErrorCode::NotFound, "there are no weights");
        VERIFY_ERROR(TensorFolder::open(m_model), ErrorCode::NotFound, "must be converted to safetensors");
    }
    void refusesAnIndexThatDoesNotFit_data()
    {
        QTest::addColumn<QString>("map");
        QTest::addColumn<QString>("text");
        QTest::newRow("another shard")
            << R"("a":"model-2.safetensors","b":"model-1.safetensors","c":"model-2.safetensors")"
            << "tensor \"a\" is in it, expected it in \"model-2.safetensors\"";
        QTest::newRow("not named") << R"("a":"model-1.safetensors","c":"model-2.safetensors")"
                                   << "tensor \"b\" is in it, expected tensors that the index names";
        QTest::newRow("not there")
            << R"("a":"model-1.safetensors","b":"model-1.safetensors","c":"model-2.safetensors","d":"model-2.safetensors")"
            << "tensor \"d\" is not in it";
        QTest::newRow("path") << R"("a":"../model-1.safetensors")"
                              << "tensor \"a\" is in \"../model-1.safetensors\", expected the plain name";
        QTest::newRow("parent") << R"("a":"..")"
                                << "expected the plain name";
        QTest::newRow("number") << R"("a":7)"
                                << "tensor \"a\" is in no file";
    }
    void refusesAnIndexThatDoesNotFit()
    {
        QFETCH(QString, map);
        QFETCH(QString, text);
        makeShards();
        writeIndex(map.toStdString());
        VERIFY_ERROR(TensorFolder::open(m_model), ErrorCode::InvalidInput, text.toUtf8().constData());
    }
    void refusesABrokenIndex()
    {
        makeShards();
        writeText(m_model / kWeightsIndexFile, "{{");
        VERIFY_ERROR(TensorFolder::open(m_model), ErrorCode::InvalidInput, "it is not a JSON object");
        writeText(m_model / kWeightsIndexFile, "{\"weight_map\":[]}");
        VERIFY_ERROR(TensorFolder::open(m_model), ErrorCode::InvalidInput, "it has no object \"weight_map\"");
    }
    void refusesTensorsInTwoFiles()
    {
        makeShards();
        writeTensors(m_model / "model-2.safetensors", {"c", "a"});
        VERIFY_ERROR(TensorFolder::open(m_model), ErrorCode::InvalidInput,
                     "tensor \"a\" is in it, expected it in");
    }
    void refusesADamagedShard()
    {
        makeShards();
        fs::resize_file(m_model / "model-2.safetensors", fs::file_size(m_model / "model-2.safetensors") - 1);
        VERIFY_ERROR(TensorFolder::open(m_model), ErrorCode::InvalidInput, "truncated");
    }

    void followsLinksWithinTheFolderAndACache_data()
    {
        QTest::addColumn<QString>("target");
        QTest::addColumn<bool>("isAllowed");
        QTest::newRow("inside") << "snapshots/1/real" << true;
        QTest::newRow("blobs of the repository") << "blobs/abc" << true;
        QTest::newRow("beside the folder") << "snapshots/other" << false;
        QTest::newRow("the repository itself") << "refs" << false;
        QTest::newRow("blobs of another") << "../else/blobs/abc" << false;
        QTest::newRow("folder that begins alike") << "blobs-of-others/abc" << false;
    }
    void followsLinksWithinTheFolderAndACache()
    {
        QFETCH(QString, target);
        QFETCH(bool, isAllowed);
        const fs::path repository = m_root / "models--us--tiny", snapshot = repository / "snapshots" / "1";
        fs::create_directories(snapshot);
        const fs::path real = (repository / target.toStdString()).lexically_normal();
        fs::create_directories(real.parent_path());
        writeTensors(real, {"a"});
        fs::create_symlink(fs::relative(real, snapshot), snapshot / kWeightsFile);
        const auto folder = TensorFolder::open(snapshot);
        if (isAllowed) {
            VERIFY_OK(folder);
            QVERIFY(folder->find("a").info);
        } else {
            VERIFY_ERROR(folder, ErrorCode::InvalidInput,
                         ("it is a link to \"" + fs::canonical(real).string()).c_str());
            VERIFY_ERROR(folder, ErrorCode::InvalidInput, "Copy the file into the folder");
        }
    }
    void followsALinkToTheFolder()
    {
        writeTensors(m_model / kWeightsFile, {"a"});
        fs::create_directory_symlink(m_model, m_root / "link");
        VERIFY_OK(TensorFolder::open(m_root / "link"));
    }
    void refusesALinkToNowhereAndAFolder()
    {
        fs::create_symlink(m_model / "none", m_model / kWeightsFile);
        VERIFY_ERROR(TensorFolder::open(m_model), ErrorCode::NotFound, "there is no model.safetensors");
        fs::remove(m_model / kWeightsFile);
        fs::create_directory(m_model / kWeightsFile);
        VERIFY_ERROR(TensorFolder::open(m_model), ErrorCode::InvalidInput, "it is no file");
    }
    void shardsAreLinksLikeAnyOther()
    {
        makeShards();
        fs::rename(m_model / "model-2.safetensors", m_root / "outside");
        fs::create_symlink(m_root / "outside", m_model / "model-2.safetensors");
        VERIFY_ERROR(TensorFolder::open(m_model), ErrorCode::InvalidInput, "it is a link to");
    }
};

QTEST_GUILESS_MAIN(TestTensorFolder)
#include "tst_tensor_folder.moc"
