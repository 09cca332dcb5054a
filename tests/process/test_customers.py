"""U1 A customer's record has every field of the standard form: from a workbook, from CSV, by hand, from the first event that
names somebody; a workbook is read as people typed it, and a damaged one is refused with the reason."""
import pathlib
import tempfile
import unittest
import zipfile

from front_desk import care
from system import ROOT, System

MAP = ROOT / "deploy" / "imports" / "customers.yaml"
TITLES = ["客户编号", "客户姓名", "手机", "邮箱", "地址", "客户类型", "历史概要", "服务偏好", "首次登记日期", "负责人", "车牌号", "车架号"]
WANG = ["K001", "王芳", 13800000001, "wang@example.invalid", "解放路 1 号", "个人", "2024 年购车，三次保养", "每周一次，邮件", 45292, "han-xue",
        "湘A·12345", ""]
LI = ["K002", "李强", "１３８００００ ０００２", "", "", "单位", "", "", "2024/3/5 14:30", "", "", "LVS00000000000001"]


def column(number):
    return chr(ord("A") + number)


def cell(row, number, value, texts):
    place = f'r="{column(number)}{row}"'
    if isinstance(value, str) and value:
        texts.append(value)
        return f'<c {place} t="s"><v>{len(texts) - 1}</v></c>'
    if TITLES[number] == "首次登记日期" and value:
        return f'<c {place} s="1"><v>{value}</v></c>'
    return f'<c {place}><v>{value:.10E}</v></c>' if value else f'<c {place} s="0"/>'


def workbook(path, rows, compression=zipfile.ZIP_DEFLATED, sheet=None):
    """As office programs write one: shared texts, a style for dates, numbers as they please; a row left out here and there."""
    texts = []
    lines = "".join(f'<row r="{at}">' + "".join(cell(at, i, value, texts) for i, value in enumerate(row)) + "</row>"
                    for at, row in rows.items())
    shared = "".join(f"<si><r><t>{text[:1]}</t></r><r><t>{text[1:]}</t></r><rPh><t>x</t></rPh></si>" for text in texts)
    head = '<?xml version="1.0" encoding="UTF-8"?>'
    parts = {
        "xl/workbook.xml": '<workbook xmlns:r="r"><sheets><sheet name="客户" sheetId="1" r:id="rId7"/><sheet name="b" sheetId="2" r:id="rId8"/>'
                           '</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": '<Relationships><Relationship Id="rId8" Target="worksheets/b.xml"/>'
                                      '<Relationship Id="rId7" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/styles.xml": '<styleSheet><numFmts><numFmt numFmtId="170" formatCode="yyyy&quot;年&quot;m"/></numFmts><cellStyleXfs>'
                         '<xf numFmtId="14"/></cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="170"/></cellXfs></styleSheet>',
        "xl/sharedStrings.xml": f"<sst>{shared}</sst>",
        "xl/worksheets/sheet1.xml": sheet or f"<worksheet><sheetData>{lines}</sheetData></worksheet>",
    }
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, text in parts.items():
            archive.writestr(name, head + text)
    return path


class Workbook(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def check(self, path):
        return care("import", "--json", "--check", "--map", MAP, path)

    def test_rows_are_counted_with_their_numbers(self):
        for compression in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            path = workbook(self.folder / "export.dat", {1: TITLES, 3: WANG, 5: LI, 6: WANG, 9: ["K003", "", "", "", "", "", "", "", 45292, "", "", ""],
                                                         12: ["K 4", "赵", "", "", "", "机构", "", "", 1, "", "", ""]}, compression)
            code, report, said = self.check(path)
            self.assertEqual((code, report["encoding"], report["rows"], report["good"], report["duplicate"]), (0, "XLSX", 5, 2, 1), said)
            self.assertEqual([(bad["line"], bad["field"]) for bad in report["bad"]], [(9, "name"), (12, "number")])

    def test_what_is_no_workbook_is_said(self):
        whole = workbook(self.folder / "a.xlsx", {1: TITLES, 2: WANG}).read_bytes()
        middle = whole.index(b"xl/worksheets/sheet1.xml") + 40
        cases = {
            "cut": whole[:len(whole) // 2],
            "changed": whole[:middle] + bytes(byte ^ 0x55 for byte in whole[middle:middle + 20]) + whole[middle + 20:],
            "empty": b"PK\3\4",
        }
        for name, content in cases.items():
            with self.subTest(name):
                path = self.folder / f"{name}.xlsx"
                path.write_bytes(content)
                code, report, said = self.check(path)
                self.assertEqual((code != 0, report), (True, None))
                self.assertIn("damaged", said)
        with zipfile.ZipFile(self.folder / "text.xlsx", "w") as archive:
            archive.writestr("word/document.xml", "<w/>")
        self.assertIn("no XLSX workbook", self.check(self.folder / "text.xlsx")[2])
        bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><worksheet><sheetData><row><c><v>&b;</v></c></row></sheetData></worksheet>'
        self.assertIn("damaged", self.check(workbook(self.folder / "bomb.xlsx", {1: TITLES}, sheet=bomb))[2])


class Record(unittest.TestCase):
    """One shop, customers by every way."""

    @classmethod
    def setUpClass(cls):
        cls.system = System("--clock", "2026-03-10T10:00:00+08:00", "--speed", "1").start()
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)

    @classmethod
    def tearDownClass(cls):
        cls.system.close()

    def bring(self, path):
        code, report, said = care("import", "--json", "--dir", self.system.dir, "--site", "sample", "--map", MAP, path)
        self.assertEqual(code, 0, said)
        return report

    def customer(self, number):
        self.system.act("points.redeem", {"customer": number, "points": 1})     # answered after what was told before it
        return self.system.get(f"/v1/customers/sample%2F{number}")

    def test_a_workbook(self):
        path = workbook(self.folder / "customers.xlsx", {1: TITLES, 2: WANG, 3: LI})
        self.assertEqual((self.bring(path)["new"], self.bring(path)["new"]), (2, 0))
        wang, li = self.customer("K001"), self.customer("K002")
        self.assertEqual({name: wang[name] for name in ("name", "mobile", "email", "address", "kind", "summary", "preference", "owner",
                                                        "first_recorded_at", "attributes")},
                         {"name": "王芳", "mobile": "13800000001", "email": "wang@example.invalid", "address": "解放路 1 号",
                          "kind": "person", "summary": "2024 年购车,三次保养", "preference": "每周一次,邮件", "owner": "han-xue",
                          "first_recorded_at": "2024-01-01T09:00:00.000+08:00", "attributes": {"plate": "湘A·12345"}})
        self.assertEqual((li["name"], li["mobile"], li["kind"], li["first_recorded_at"][:16], li["attributes"]),
                         ("李强", "13800000002", "corporate", "2024-03-05T14:30", {"vin": "LVS00000000000001"}))
        # put right in the file: taken as a correction, and everything else stays
        workbook(path, {1: TITLES, 2: WANG, 3: LI[:4] + ["中山路 2 号"] + LI[5:]})
        self.assertEqual(self.bring(path)["new"], 1)
        again = self.customer("K002")
        self.assertEqual((again["address"], again["mobile"], again["first_recorded_at"]), ("中山路 2 号", "13800000002", li["first_recorded_at"]))

    def test_csv_gives_the_same(self):
        path = self.folder / "customers.csv"
        path.write_text(",".join(TITLES) + "\nK010,周立,138 0000 0010,,,个人,老客户,,2025-01-02,韩雪,,\n", encoding="gb18030")
        self.assertEqual(self.bring(path)["new"], 1)
        customer = self.customer("K010")
        self.assertEqual((customer["name"], customer["summary"], customer["mobile"]), ("周立", "老客户", "13800000010"))

    def test_the_first_event_that_names_somebody(self):
        status, _, answer = self.system.post({"id": "JS77", "source": "dms", "type": "visit.finished", "site": "sample",
                                              "data": {"visit": "JS77", "kind": "repair", "name": "吴敏", "mobile": "13800000077"}})
        self.assertEqual(status, 201, answer)
        self.system.act("points.redeem", {"customer": "nobody", "points": 1})
        found = [each for each in self.system.get("/v1/customers?site=sample") if each["name"] == "吴敏"]
        self.assertEqual([(each["visits"], each["class"]) for each in found], [(1, "regular")])
        self.assertTrue(found[0]["first_recorded_at"].startswith("2026-03-10T10:0"))


if __name__ == "__main__":
    unittest.main()
