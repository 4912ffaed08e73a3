"""The catalogue of faults (reliability sheet, section 3): which test is whose, and what of it is not tried."""

from __future__ import annotations

import re
from pathlib import Path

HERE = Path(__file__).parent
TABLE = {
    "X01": ["test_soak::test_x01_x02_killed_without_kernels", "test_soak::test_x01_killed_with_a_zygote"],
    "X02": ["test_faults::test_x02_files_in_place_but_no_line_in_the_journal"],
    "X03": ["test_batch::test_an_end_at_any_moment_leaves_whole_files_and_no_process",
            "test_faults::test_x03_interrupts"],
    "X04": ["test_batch::test_a_killed_worker_costs_its_report_one_more_try"],
    "X05": ["test_faults::test_x05_x06_x07_x08_x20_a_report_that_is_killed_is_told_and_kept"],
    "X06": ["test_faults::test_x05_x06_x07_x08_x20_a_report_that_is_killed_is_told_and_kept",
            "test_faults::test_limits_of_a_real_kernel"],
    "X07": ["test_faults::test_x05_x06_x07_x08_x20_a_report_that_is_killed_is_told_and_kept"],
    "X08": ["test_faults::test_x05_x06_x07_x08_x20_a_report_that_is_killed_is_told_and_kept"],
    "X09": ["test_disk_faults::test_x09_x10_every_write_fails_once",
            "test_disk_faults::test_x09_says_how_much_room_it_takes"],
    "X10": ["test_disk_faults::test_x09_x10_every_write_fails_once",
            "test_disk_faults::test_x10_a_report_is_not_done_before_it_is_on_the_disk"],
    "X11": ["test_disk_faults::test_x11_read_only_from_any_write_on"],
    "X12": ["test_verify::test_every_flipped_bit_is_noticed"],
    "X13": ["test_faults::test_x13_a_damaged_journal_never_crashes_and_never_skips"],
    "X14": ["test_faults::test_x14_x31_the_second_run_leaves_with_one_line", "test_soak::test_x14_x31_two_at_once"],
    "X15": ["test_disk_faults::test_x15_folder_gone_while_running"],
    "X16": ["test_faults::test_x16_a_notebook_edited_while_running"],
    "X17": ["test_resume::test_only_what_changed_is_made_again"],
    "X18": ["test_faults::test_x18_another_version_of_the_program"],
    "X19": ["test_soak::test_x19_x21_poison_is_told_by_its_name"],
    "X20": ["test_engine::test_a_bad_notebook_is_told_with_its_cell",
            "test_faults::test_x05_x06_x07_x08_x20_a_report_that_is_killed_is_told_and_kept"],
    "X21": ["test_soak::test_x19_x21_poison_is_told_by_its_name", "test_faults::test_limits_of_a_real_kernel"],
    "X22": [],
    "X23": ["test_faults::test_x23_no_network_at_all"],
    "X24": ["test_faults::test_x24_clock_jumps_a_year"],
    "X25": ["test_faults::test_x25_few_descriptors", "test_faults::test_x25_no_descriptor_or_process_left_is_said"],
    "X26": ["test_faults::test_x26_x27_a_converter_that_fails_costs_its_format_only"],
    "X27": ["test_faults::test_x26_x27_a_converter_that_fails_costs_its_format_only"],
    "X28": ["test_systemic::test_x28_ten_alike_stop_the_run", "test_systemic::test_x28_half_of_them_alike_stop_it_too"],
    "X29": ["test_resume::test_a_county_that_left_the_table_is_named_and_left"],
    "X30": ["test_disk_faults::test_x30_power_cut_before_any_call"],
    "X31": ["test_faults::test_x14_x31_the_second_run_leaves_with_one_line"],
    "X32": ["test_faults::test_x32_a_missing_library_is_found_before_the_first_report"],
}  # fmt: skip
NOT_TRIED = {
    "X06": "that the machine keeps 2 GB free: reports have a limit each, the machine is its owner's",
    "X12": "there is no cache between runs: the table is staged anew in each, inputs are stored under their hashes",
    "X14": "--share: --shard divides a run instead (test_shards)",
    "X16": "an input table that changes: a run reads it once and works on its own copy, so there is nothing to refuse",
    "X22": "500 starts of kernels take minutes: make soak does 96, eight at once; the warm engine has no such race",
    "X25": "a limit on processes: it does not bind an administrator, as whom tests often run",
    "X26": "a converter that kills or hangs its process takes the report with it, HTML too; the others go on",
    "X30": "system calls are counted where Python makes them, not traced",
}
"""Parts of the catalogue that no test covers here, and why."""


def test_every_fault_has_its_test_or_its_reason():
    assert set(TABLE) == {f"X{number:02}" for number in range(1, 33)}
    assert all(tests or fault in NOT_TRIED for fault, tests in TABLE.items())


def test_the_tests_are_there():
    for fault, tests in TABLE.items():
        for named in tests:
            file, _, function = named.partition("::")
            source = (HERE / f"{file}.py").read_text(encoding="utf-8")
            assert re.search(rf"^def {function}\(", source, re.M), (fault, named)
