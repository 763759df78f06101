// SPDX-License-Identifier: Apache-2.0
// Edits and imports over the wire: what is not set stays unset. And what an older program wrote
// (fixtures/README.md): what it did not know is as it was for it.
#include "core/rpc/adapters.h"

#include <QtTest>

#include <fstream>

using namespace orrery;

class TestEditAdapters : public QObject {
    Q_OBJECT

    static RunEdit sent(const RunEdit &edit)
    {
        v1::EditRunRequest message;
        toMessage(edit, message);
        v1::EditRunRequest arrived;
        if (!arrived.ParseFromString(message.SerializeAsString())) qFatal("no message");
        return fromMessage(arrived);
    }
    template <typename Message> static Message recorded(const std::string &name)
    {
        std::ifstream in(ORRERY_TEST_DATA "/../rpc/fixtures/" + name + ".binpb", std::ios::binary);
        Message message;
        if (!in || !message.ParseFromIstream(&in)) qFatal("cannot read %s", name.c_str());
        return message;
    }

private Q_SLOTS:
    void readsAnOlderRequestToGenerate()
    {
        const ModelRequest asked = fromMessage(recorded<v1::GenerateRequest>("generate_request"));
        QCOMPARE(asked.model, std::string("talker@100"));
        QCOMPARE(asked.request.prompt, std::string("the \xff") + "fox");
        QCOMPARE(asked.request.infill.value(), std::string("dog"));
        QCOMPARE(asked.request.source, std::string("chat.json"));
        QCOMPARE(asked.request.messages.size(), size_t(1));
        QCOMPARE(asked.request.messages[0].role + asked.request.messages[0].content, std::string("userlook"));
        QCOMPARE(asked.request.messages[0].media.at(0).name, std::string("cat.png"));
        QCOMPARE(asked.request.messages[0].media.at(0).place, int64_t(2));
        const SamplingSettings &sampling = asked.request.sampling;
        QCOMPARE(sampling.maxTokens, int64_t(40));
        QCOMPARE(sampling.temperature, 0.5);
        QCOMPARE(sampling.topK, int64_t(3));
        QCOMPARE(sampling.topP, 0.9);
        QCOMPARE(sampling.seed, uint64_t(7));
        QCOMPARE(sampling.numAlternatives, 5);
        QCOMPARE(sampling.sampler, std::string("plain"));
        // What it did not know: off.
        QVERIFY(asked.request.promptIds.empty() && asked.request.answerIds.empty());
        QVERIFY(asked.request.mask.empty() && sampling.stop.empty());
        QCOMPARE(sampling.minP, 0.0);
        QCOMPARE(sampling.typicalP, 1.0);
        QCOMPARE(sampling.repetitionPenalty, 1.0);
        QCOMPARE(sampling.penaltyWindow, int64_t(256));
    }
    void readsAnOlderListOfRuns()
    {
        const std::vector<RunStatus> runs = fromMessage(recorded<v1::RunList>("run_list"));
        QCOMPARE(runs.size(), size_t(2));
        const RunStatus &fox = runs[0];
        QCOMPARE(fox.id + fox.name + fox.directory + fox.device, std::string("foxFox/runs/foxcpu"));
        QVERIFY(fox.state == RunState::Running && runs[1].state == RunState::Unknown);
        QVERIFY(fox.step == 40 && fox.totalSteps == 100 && fox.attempt == 1 && fox.lastCheckpointStep == 20);
        QVERIFY(fox.loss == 2.5 && fox.valLoss == 2.75 && fox.bestValLoss == 2.625);
        QVERIFY(fox.threads == 2 && fox.numViewers == 1 && fox.lastFrameId == 9);
        QVERIFY(fox.breakpoints.empty() && fox.pauseReason.empty() && fox.pauseSeries.empty());
        QVERIFY(fox.parent.empty() && fox.parentStep == RunStatus{}.parentStep && fox.alarms.empty());
        QVERIFY(fox.labels.tags.empty() && fox.labels.notes.empty() && !fox.labels.isArchived);
    }
    void readsAnOlderChangeOfASetting()
    {
        const ControlCommand command = fromMessage(recorded<v1::ControlRequest>("control_request"));
        QVERIFY(command.verb == ControlVerb::Set);
        QCOMPARE(command.setting.key + "=" + command.setting.value, std::string("lr_factor=0.5"));
    }
    void aMaskArrives()
    {
        v1::GenerateRequest message;
        toMessage(ModelRequest{.model = "fox", .request = {.prompt = "a", .mask = "prefix"}}, message);
        QCOMPARE(fromMessage(message).request.mask, std::string("prefix"));
    }
    void whatIsNotSetStaysUnset()
    {
        const RunEdit edit = sent({});
        QVERIFY(!edit.name && !edit.tags && !edit.notes && !edit.isArchived);
    }
    void emptyIsNotUnset()
    {
        RunEdit edit;
        edit.name = "";
        edit.tags = std::vector<std::string>();
        edit.notes = "";
        edit.isArchived = false;
        const RunEdit arrived = sent(edit);
        QCOMPARE(arrived.name.value(), std::string());
        QVERIFY(arrived.tags.value().empty());
        QCOMPARE(arrived.notes.value(), std::string());
        QCOMPARE(arrived.isArchived.value(), false);
    }
    void valuesArrive()
    {
        RunEdit edit;
        edit.tags = {"a", "\xff"};
        edit.notes = "ü";
        const RunEdit arrived = sent(edit);
        QCOMPARE(arrived.tags.value(), (std::vector<std::string>{"a", "\xEF\xBF\xBD"})); // UTF-8 on the wire
        QCOMPARE(arrived.notes.value(), std::string("ü"));
    }
    void theTrashArrives()
    {
        const std::vector<DeletedRun> runs = {{"/home/trash/a", "a", "fox", "/home/runs/a", 1.7e9, 1234}, {"/t/b", "b", "\xff", "", 0, 0}};
        v1::DeletedRunList message;
        toMessage(runs, message);
        const std::vector<DeletedRun> arrived = fromMessage(message);
        QCOMPARE(arrived.size(), size_t{2});
        QVERIFY(arrived.front() == runs.front());
        QCOMPARE(arrived.back().name, std::string("\xEF\xBF\xBD"));
        v1::EmptyTrashRequest request;
        toMessage(TrashChoice{true, 30, {"a", "b"}}, request);
        const TrashChoice choice = fromMessage(request);
        QVERIFY(choice.isWhole);
        QCOMPARE(choice.olderThan, 30.0);
        QCOMPARE(choice.entries, (std::vector<std::string>{"a", "b"}));
        QVERIFY(!fromMessage(v1::EmptyTrashRequest()).isWhole); // what an unknown client sends deletes nothing
    }
    void importsArrive()
    {
        ImportReply reply;
        reply.runs.emplace_back();
        reply.runs.back().id = "one";
        reply.numPoints = 5;
        reply.numSkipped = 2;
        reply.notes = {"a", "b"};
        v1::ImportRunsReply message;
        toMessage(reply, message);
        const ImportReply arrived = fromMessage(message);
        QCOMPARE(arrived.runs.size(), size_t{1});
        QCOMPARE(arrived.runs.front().id, std::string("one"));
        QCOMPARE(arrived.numPoints, uint64_t{5});
        QCOMPARE(arrived.numSkipped, uint64_t{2});
        QCOMPARE(arrived.notes, reply.notes);
    }
};

QTEST_APPLESS_MAIN(TestEditAdapters)
#include "tst_edit_adapters.moc"
