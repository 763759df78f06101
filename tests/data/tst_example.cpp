// SPDX-License-Identifier: Apache-2.0
#include "core/base/files.h"
#include "core/data/example.h"
#include "data_fixture.h"

#include <cerrno>
#include <map>

using namespace orrery;
namespace fs = std::filesystem;

namespace {

std::map<std::string, std::string> contentsOf(const fs::path &folder)
{
    std::map<std::string, std::string> contents;
    for (const auto &entry : fs::recursive_directory_iterator(folder))
        if (entry.is_regular_file())
            contents[fs::relative(entry.path(), folder).string()] = readRaw(entry.path());
    return contents;
}

} // namespace

class TestExample : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void takesTheNewestHeaders()
    {
        const DataFixture data;
        for (const char *name :
             {"c++/9/vector", "c++/12/vector", "c++/12/bits/stl.h", "c++/v1/vector", "c++/README/x"})
            data.write(name, std::string("// ") + name + "\n");
        QCOMPARE(exampleSources(data.path("c++")), (std::vector<fs::path>{data.path("c++") / "12"}));
        fs::remove_all(data.path("c++/9"));
        fs::remove_all(data.path("c++/12"));
        QCOMPARE(exampleSources(data.path("c++")), (std::vector<fs::path>{data.path("c++") / "v1"}));
        fs::remove_all(data.path("c++/v1"));
        QVERIFY(exampleSources(data.path("c++")).empty());
        QVERIFY(exampleSources(data.path("nothing")).empty());
    }

    void copiesTextAndSourcesOnce()
    {
        const DataFixture data;
        data.write("c++/12/vector", "// vector\n");
        data.write("c++/12/bits/stl.h", "// stl\n");
        data.write("c++/12/binary.h", std::string("a\0b", 3));
        data.write("c++/12/notes.py", "no C++\n");
        fs::create_symlink("/etc/passwd", data.path("c++/12/link.h"));
        data.write("src/core/base/a.h", "// a\n");
        data.write("src/docs/b.md", "b\n");
        data.write("src/secret/c.h", "// not asked for\n");
        const auto made = makeExampleData(data.path("home"), data.path("src"), data.path("c++"));
        VERIFY_OK(made);
        QCOMPARE(*made, data.path("home") / "example-data");
        QCOMPARE(contentsOf(*made), (std::map<std::string, std::string>{{"c++-12/bits/stl.h", "// stl\n"},
                                                                        {"c++-12/vector", "// vector\n"},
                                                                        {"orrery/core/base/a.h", "// a\n"},
                                                                        {"orrery/docs/b.md", "b\n"}}));
        data.write("c++/12/vector", "// changed\n");
        VERIFY_OK(makeExampleData(data.path("home"), data.path("src"), data.path("c++")));
        QCOMPARE(readRaw(*made / "c++-12/vector"), std::string("// vector\n"));
    }

    void isCutAtItsSize()
    {
        const DataFixture data(DataFixture::Place::Disk);
        for (int i = 10; i < 40; ++i)
            data.write("c++/12/" + std::to_string(i) + ".h", std::string(400'000, 'x'));
        const auto made = makeExampleData(data.path("home"), {}, data.path("c++"));
        VERIFY_OK(made);
        const auto contents = contentsOf(*made);
        QCOMPARE(contents.size(), size_t(15));
        QVERIFY(contents.count("c++-12/24.h"));
    }

    /// An installation on a computer without a compiler has its own sources only; then they may be all of the text.
    void doesWithoutHeaders()
    {
        const DataFixture data(DataFixture::Place::Disk);
        data.write("usr/share/orrery/source/core/data/example.h", "// here\n");
        for (int i = 10; i < 20; ++i)
            data.write("usr/share/orrery/source/core/" + std::to_string(i) + ".cpp", std::string(400'000, 'x'));
        const fs::path sources = orrerySourcesAbove(data.path("usr/bin"));
        QCOMPARE(sources, data.path("usr/share/orrery/source"));
        QCOMPARE(orrerySourcesAbove(data.path("usr/libexec/orrery")), sources);
        const auto made = makeExampleData(data.path("home"), sources, data.path("none"));
        VERIFY_OK(made);
        QCOMPARE(contentsOf(*made).size(), size_t(11));
    }

    void namesWhatToInstall()
    {
        const DataFixture data;
        const auto made = makeExampleData(data.path("home"), {}, data.path("none"));
        VERIFY_ERROR(made, ErrorCode::NotFound, "none");
        QVERIFY(made.error().hint.find("g++") != std::string::npos);
        QVERIFY(!fs::exists(data.path("home/example-data")));
    }

    void leavesNothingHalfOnAFullDisk()
    {
        const DataFixture data;
        for (int i = 0; i < 5; ++i) data.write("c++/12/" + std::to_string(i) + ".h", "// text\n");
        for (int failAt = 0;; ++failAt) {
            int operation = 0;
            setWriteFault(
                [&](WriteOperation, const fs::path &, size_t) { return operation++ == failAt ? ENOSPC : 0; });
            const auto made = makeExampleData(data.path("home"), {}, data.path("c++"));
            setWriteFault(nullptr);
            if (operation <= failAt || made.ok()) {
                VERIFY_OK(made);
                QVERIFY(failAt >= 11);
                break;
            }
            VERIFY_ERROR(made, ErrorCode::Io, "No space left");
            QVERIFY(fs::is_empty(data.path("home")));
        }
    }

    /// The headers of this machine, prepared as the first training does it.
    void trainsFromThisMachine()
    {
        if (exampleSources().empty()) QSKIP("no C++ headers on this machine");
        const DataFixture data(DataFixture::Place::Disk);
        const auto made = makeExampleData(data.path("home"));
        VERIFY_OK(made);
        const auto shards = data.prepare(DataFixture::spec(*made), 128);
        VERIFY_OK(shards);
        const CorpusDescription &description = shards->description();
        QVERIFY2(description.numBytes > 3'000'000 && description.numBytes <= kExampleBytes,
                 qPrintable(QString::number(description.numBytes)));
        QVERIFY(description.numDocuments >= 20);
        const double share = double(description.numValTokens) / double(description.numTokens);
        QVERIFY2(share > 0.02 && share < 0.4, qPrintable(QString::number(share)));
    }
};

QTEST_APPLESS_MAIN(TestExample)
#include "tst_example.moc"
