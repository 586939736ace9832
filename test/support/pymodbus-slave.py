"""Test only: an independent Modbus-RTU slave on a tty, made of Debian's python3-pymodbus.

argv: tty, then for each slave its address and its registers as JSON: {"input": {register: word},
"floats": {register: number}, "holding": {register: word}}. A float takes two input registers, IEEE 754 single, high
word first. Any other register is exception 2. Prints "ready" when it serves.
"""
import asyncio
import json
import struct
import sys

from pymodbus.datastore import (
    ModbusServerContext,
    ModbusSlaveContext,
    ModbusSparseDataBlock,
)
from pymodbus.server import StartAsyncSerialServer
from pymodbus.transaction import ModbusRtuFramer

tty, pairs = sys.argv[1], sys.argv[2:]


def words(registers, name):
    return {int(register): word for register, word in registers.get(name, {}).items()}


def block(values):
    # An empty block is not allowed; this register is out of everybody's way.
    return ModbusSparseDataBlock(values or {0xFFFE: 0})


def slave(registers):
    inputs = words(registers, "input")
    for register, number in registers.get("floats", {}).items():
        high, low = struct.unpack(">HH", struct.pack(">f", float(number)))
        inputs[int(register)], inputs[int(register) + 1] = high, low
    # Wire address 0 is index 1 of the block: pymodbus adds one unless zero_mode is set.
    holding = block(words(registers, "holding"))
    return ModbusSlaveContext(ir=block(inputs), hr=holding, zero_mode=True)


async def serve():
    slaves = {
        int(address): slave(json.loads(registers))
        for address, registers in zip(pairs[::2], pairs[1::2])
    }
    context = ModbusServerContext(slaves=slaves, single=False)
    print("ready", flush=True)
    await StartAsyncSerialServer(context=context, framer=ModbusRtuFramer, port=tty, baudrate=9600)


asyncio.run(serve())
