// SPDX-License-Identifier: Apache-2.0
// Edits and imports over the wire: what is not set stays unset.
#include "core/rpc/adapters.h"

#include <QtTest>

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

private Q_SLOTS:
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
